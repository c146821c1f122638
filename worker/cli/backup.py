"""``tiktok-odoo backup`` and ``tiktok-odoo keys``: surviving the loss of Redis, and keys for secrets at rest."""

from __future__ import annotations

from pathlib import Path

import click

from worker.cli.output import audited, json_option, say
from worker.errors import ConfigurationError
from worker.state.secrets import generate_key
from worker.sync.backup import export_state, restore_state
from worker.sync.key_rotation import encrypt_anew
from worker.sync.runtime import get_runtime


@click.group()
def keys() -> None:
    """Keys that encrypt secrets at rest."""


@keys.command()
@json_option
def generate(as_json: bool) -> None:
    """Print a new key for SECRET_KEYS. Keep it apart from backups: together they are readable."""
    key = generate_key()
    say({"key": key}, key, as_json=as_json)


@keys.command()
@json_option
def rotate(as_json: bool) -> None:
    """Encrypt all that is kept with the first of SECRET_KEYS, so that the others can be taken away."""
    accounts, tokens = encrypt_anew(get_runtime())
    told = f"{accounts} accounts and {tokens} accounts' tokens are under the first of SECRET_KEYS now."
    audited("keys.rotate", "SECRET_KEYS", told)
    say({"accounts": accounts, "tokens": tokens}, told, as_json=as_json)


@click.group()
def backup() -> None:
    """Accounts, shops, tokens and cursors in an encrypted file."""


@backup.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def export(file: Path, as_json: bool) -> None:
    """Write an encrypted backup to FILE; SECRET_KEYS opens it."""
    text = export_state(get_runtime())
    try:
        file.touch(mode=0o600)
        file.chmod(0o600)  # also when it was there before
        file.write_text(text, encoding="ascii")
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from None
    audited("backup.export", file.name)
    told = f"Written to {file}. It opens with SECRET_KEYS only: keep that elsewhere."
    say({"file": str(file)}, told, as_json=as_json)


@backup.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Overwrite accounts and shops that exist.")
@json_option
def restore(file: Path, yes: bool, as_json: bool) -> None:
    """Read a backup back. Orders are found again by the next poll, from each shop's cursor in the backup."""
    runtime = get_runtime()
    if runtime.accounts.all() and not yes:
        raise ConfigurationError("There are accounts already.", remedy="Add --yes to overwrite them with the backup's.")
    try:
        text = file.read_text(encoding="ascii")
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is not a backup.", remedy="`tiktok-odoo backup export` writes one.") from None
    accounts, shops = restore_state(runtime, text)
    told = f"Restored {accounts} accounts and {shops} shops."
    audited("backup.restore", file.name, told)
    say({"accounts": accounts, "shops": shops}, told, as_json=as_json)
