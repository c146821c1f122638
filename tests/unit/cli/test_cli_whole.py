"""What holds for every command: its help, ``--json``, how it ends, colours, completion; and the audit trail."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from cli_stubs import Run, commands, document

import worker.cli
from tests.unit.builders import APP_KEY, APP_SECRET, SHOP_ID
from worker.cli import cli, output
from worker.state.audit import Audit
from worker.state.dirty_set import Parked
from worker.sync.runtime import Runtime

#: Commands that print nothing of their own: they become another program, or print a script for a shell.
WITHOUT_JSON = {("web",), ("worker",), ("beat",), ("flower",), ("completion",)}
PROGRAM = Path(sys.executable).with_name("tiktok-odoo")
ME = f"cli:{pwd.getpwuid(os.getuid()).pw_name}"

every_command = pytest.mark.parametrize(
    ("words", "command"), [pytest.param(*each, id="-".join(each[0])) for each in commands()]
)
every_command_with_json = pytest.mark.parametrize(
    "words", [pytest.param(words, id="-".join(words)) for words, _ in commands() if words not in WITHOUT_JSON]
)


@every_command
def test_every_command_has_a_help_that_says_what_it_and_each_option_does(
    run: Run, words: tuple[str, ...], command: click.Command
) -> None:
    ended = run(*words, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert command.help
    assert command.help.split("\n\n")[0].rstrip().endswith((".", ")"))
    without = [
        parameter.name for parameter in command.params if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert without == []


@every_command_with_json
def test_every_command_that_tells_something_takes_json(words: tuple[str, ...]) -> None:
    command = dict(commands())[words]
    assert "--json" in [name for parameter in command.params for name in parameter.opts]


@every_command_with_json
def test_wrong_usage_with_json_is_a_document_on_standard_error_and_nothing_on_standard_output(
    run: Run, words: tuple[str, ...]
) -> None:
    ended = run(*words, "--json", "--no-such-option")
    assert (ended.code, ended.out) == (2, "")
    error = json.loads(ended.err)["error"]
    assert error["code"] == "usage"
    assert "--no-such-option" in error["message"]


@every_command
def test_wrong_usage_ends_with_2(run: Run, words: tuple[str, ...], command: click.Command) -> None:
    ended = run(*words, "--no-such-option")
    assert (ended.code, ended.out) == (2, "")
    assert "Traceback" not in ended.err


def test_help_shows_every_command_once_with_a_text_that_is_not_cut_off(run: Run) -> None:
    text = run("--help").out
    shown = [line.split()[0] for line in text.splitlines() if line.startswith("  ") and line.split()[:1]]
    for name, command in cli.commands.items():
        assert shown.count(name) == 1, name
        assert not command.get_short_help_str(60).endswith("..."), name
    for heading in worker.cli.SECTIONS:
        assert f"\n{heading}:\n" in text


def test_help_tells_the_exit_codes_and_where_the_documents_are(run: Run) -> None:
    text = run("--help").out
    for line in ("0    all is well", "1    it did not succeed", "2    wrong usage", "130  stopped"):
        assert line in text
    root = Path(worker.cli.__file__).parents[2]
    named = [word for word in text.split() if word.startswith("docs/")]
    assert len(named) >= 3
    assert [name for name in named if not (root / name).exists()] == []


def test_help_needs_no_settings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODOO_URL", "nonsense")
    assert run("--help").code == 0


def test_an_error_with_json_is_a_document_with_code_message_and_remedy(run: Run, shop: None) -> None:
    ended = run("accounts", "link", "nobody", "--json")
    assert (ended.code, ended.out) == (1, "")
    assert json.loads(ended.err) == {
        "error": {
            "code": "configuration",
            "message": "There is no account 'nobody'.",
            "remedy": "`tiktok-odoo accounts list` shows them.",
        }
    }


def test_a_redis_that_is_away_with_json_is_a_document_too(run: Run) -> None:
    ended = run("status", "--json")
    assert (ended.code, ended.out) == (1, "")
    assert json.loads(ended.err)["error"]["code"] == "redis_unavailable"


def test_with_json_nobody_is_asked(run: Run, runtime: Runtime, shop: None) -> None:
    ended = run("accounts", "remove", "demo", "--json", typed="y\n")
    assert (ended.code, ended.out) == (2, "")
    assert "--yes" in json.loads(ended.err)["error"]["message"]
    ended = run("accounts", "add", "--name", "Other", "--json", typed="GB\n")
    assert (ended.code, ended.out) == (2, "")
    assert "--market" in json.loads(ended.err)["error"]["message"]
    assert [account.id for account in runtime.accounts.all()] == ["demo"]


ADD = ("accounts", "add", "--name", "Other", "--market", "gb", "--service-id", "7", "--app-key", APP_KEY)


@pytest.mark.parametrize(
    ("arguments", "told", "noted"),
    [
        ((*ADD, "--app-secret", APP_SECRET), {"account": "other"}, ("account.add", "other")),
        (("accounts", "link", "demo"), {"account": "demo", "minutes": 30}, ("account.reauthorize", "demo")),
        (("accounts", "reauthorize", "demo"), {"account": "demo"}, ("account.reauthorize", "demo")),
        (("accounts", "disable", "demo"), {"account": "demo", "sync": "off"}, ("account.disable", "demo")),
        (("accounts", "enable", "demo"), {"account": "demo", "sync": "on"}, ("account.enable", "demo")),
        (("accounts", "set", "demo", "--name", "D"), {"account": "demo", "changed": ["name"]}, ("account.set", "demo")),
        (("accounts", "remove", "demo", "--yes"), {"account": "demo", "shops": 1}, ("account.remove", "demo")),
        (("shops", "disable", SHOP_ID), {"shop": SHOP_ID, "sync": "off"}, ("shop.disable", SHOP_ID)),
        (("shops", "enable", SHOP_ID), {"shop": SHOP_ID, "sync": "on"}, ("shop.enable", SHOP_ID)),
        (("shops", "set", SHOP_ID, "--stock-buffer", "3"), {"settings": {"stock_buffer": 3}}, ("shop.set", SHOP_ID)),
        (("shops", "remove", SHOP_ID, "--yes"), {"shop": SHOP_ID, "removed": True}, ("shop.remove", SHOP_ID)),
        (("backup", "export", "kept"), {"file": "kept"}, ("backup.export", "kept")),
        (("catalog", "map", "1729", ""), {"sku": "1729", "odoo_id": None}, ("sku.unmap", "1729")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) and "." in value[0] else "",
)
@pytest.mark.usefixtures("shop", "sent")
def test_what_is_changed_is_told_as_one_document_and_noted_in_the_audit_trail(
    run: Run, runtime: Runtime, arguments: Any, told: Any, noted: tuple[str, str]
) -> None:
    ended = run(*arguments, "--json")
    assert (ended.code, ended.err) == (0, "")
    assert told.items() <= document(ended).items()
    (entry,) = Audit(runtime.redis).latest()
    assert (entry.by, entry.action, entry.target) == (ME, *noted)
    assert APP_SECRET not in str(entry)


def test_what_is_only_looked_at_is_not_in_the_audit_trail(run: Run, runtime: Runtime, shop: None) -> None:
    for arguments in (("status",), ("accounts", "list"), ("shops", "show", SHOP_ID), ("orders", "parked"), ("audit",)):
        run(*arguments)
    assert Audit(runtime.redis).latest() == []


def test_what_was_refused_is_not_in_the_audit_trail(run: Run, runtime: Runtime, shop: None) -> None:
    assert run("accounts", "enable", "nobody").code == 1
    assert run("accounts", "set", "demo").code == 2
    assert run("accounts", "remove", "demo", typed="n\n").code == 130
    assert Audit(runtime.redis).latest() == []


def test_the_audit_trail_is_shown_newest_first(run: Run, runtime: Runtime, shop: None) -> None:
    assert run("audit").out == "Nobody has changed anything yet.\n"
    run("accounts", "disable", "demo")
    run("accounts", "enable", "demo")
    rows = document(run("audit", "--json"))
    assert [row["action"] for row in rows] == ["account.enable", "account.disable"]
    assert set(rows[0]) == {"at_utc", "by", "action", "target", "detail"}
    assert len(document(run("audit", "--limit", "1", "--json"))) == 1


def test_who_uses_the_command_line_may_have_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: int) -> None:
        raise KeyError

    monkeypatch.setattr(output.pwd, "getpwuid", unknown)
    assert output.who() == f"cli:{os.getuid()}"


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_no_color_is_heeded(no_color: str, coloured: bool) -> None:
    """The real program on a real terminal; there is no Redis, so it has an error to show."""
    terminal, its_end = os.openpty()
    with os.fdopen(terminal, "rb", buffering=0) as screen:
        subprocess.run(
            [PROGRAM, "accounts", "list"],
            env={**os.environ, "NO_COLOR": no_color, "TERM": "xterm"},
            stderr=its_end,
            check=False,
            timeout=30,
        )
        os.close(its_end)
        shown = screen.read(10_000).decode()
    assert "Redis does not answer" in shown
    assert ("\x1b[31m" in shown) is coloured


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_the_shells_own_and_calls_us(run: Run, shell: str) -> None:
    ended = run("completion", shell)
    assert ended.code == 0
    assert "_TIKTOK_ODOO_COMPLETE" in ended.out
    assert f"{shell}_complete" in ended.out


def test_bash_takes_the_completion_script(run: Run) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    script = run("completion", "bash").out
    assert subprocess.run([bash, "-n"], input=script, text=True, check=False, capture_output=True).stderr == ""


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("tiktok-odoo ev", ["events"]),
        ("tiktok-odoo events re", ["replay", "refused"]),
        ("tiktok-odoo worker --qu", ["--queues"]),
    ],
)
def test_a_shell_is_told_what_may_follow(typed: str, offered: list[str]) -> None:
    """The real program, with settings that cannot be: a TAB must not end in an error."""
    words = typed.split()
    asked = {
        "_TIKTOK_ODOO_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(words) - 1),
        "ODOO_URL": "nonsense",
    }
    done = subprocess.run(
        [PROGRAM], env={**os.environ, **asked}, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.stderr == ""
    assert sorted(line.partition(",")[2] for line in done.stdout.splitlines()) == sorted(offered)


@pytest.mark.parametrize(
    ("arguments", "columns"),
    [
        (("accounts", "list"), {"account", "name", "market", "app_key", "authorization", "sync", "shops", "reason"}),
        (("shops", "list"), {"shop", "name", "region", "account", "sync", "go_live", "due", "parked"}),
        (("orders", "parked"), {"shop", "order", "code", "reason", "remedy", "ship_by", "attempts"}),
        (("shops", "show", SHOP_ID), {"setting", "value", "meaning"}),
    ],
)
def test_every_list_is_one_json_document(
    run: Run, runtime: Runtime, shop: None, arguments: tuple[str, ...], columns: set[str]
) -> None:
    queue = runtime.queue(SHOP_ID)
    queue.mark(["571"])
    entry = Parked(id="571", code="unknown_sku", message="Größe ✓", ship_by=datetime.now(UTC))
    queue.park(queue.claim(1, 60), entry, 30)
    ended = run(*arguments, "--json")
    assert (ended.code, ended.err) == (0, "")
    rows = document(ended)
    assert rows
    assert all(set(row) == columns for row in rows)


@pytest.mark.parametrize("arguments", [("accounts", "list"), ("shops", "list"), ("orders", "parked")])
def test_an_empty_list_is_a_document_for_scripts_and_a_hint_for_people(
    run: Run, runtime: Runtime, arguments: tuple[str, ...]
) -> None:
    assert document(run(*arguments, "--json")) == []
    ended = run(*arguments)
    assert ended.code == 0
    assert ended.out.count("\n") == 1


def test_help_and_version_need_nothing(run: Run) -> None:
    assert "Keep TikTok Shop and Odoo in step." in run("--help").out
    assert run("-h").code == run("--version").code == 0
