"""``tiktok-odoo completion``: the script with which a shell completes our commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

PROGRAM = "tiktok-odoo"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    For this session:  source <(tiktok-odoo completion bash)
    For good, bash:    tiktok-odoo completion bash > ~/.local/share/bash-completion/completions/tiktok-odoo
    For good, zsh:     tiktok-odoo completion zsh > ~/.zfunc/_tiktok-odoo   (a folder of your fpath)
    For good, fish:    tiktok-odoo completion fish > ~/.config/fish/completions/tiktok-odoo.fish
    """
    script = get_completion_class(shell)
    if script is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    root = context.find_root().command
    click.echo(script(root, {}, PROGRAM, "_TIKTOK_ODOO_COMPLETE").source())
