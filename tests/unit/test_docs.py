"""The documents tell the truth: commands, options, settings, codes and tests that they name are there."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.documents import DOCUMENTS, ROOT, blocks_in, command_of, commands_in, fault_of, name_of, spans_in
from worker.app import app
from worker.cli import cli
from worker.settings import Settings

OPERATIONS = ROOT / "docs/operations.md"
ARCHITECTURE = ROOT / "docs/architecture.md"


def options_of(command: click.Command) -> Iterator[str]:
    """Every option of ``command`` and of those below it."""
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from options_of(below)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_command_in_the_documents_is_one(document: Path) -> None:
    faults = {line: fault_of(line) for line in commands_in(document.read_text(encoding="utf-8"))}
    assert {line: fault for line, fault in faults.items() if fault} == {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_option_that_the_documents_name_alone_is_one(document: Path) -> None:
    named = {span.split()[0] for span in spans_in(document.read_text(encoding="utf-8")) if span.startswith("--")}
    assert named - set(options_of(cli)) == set()


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("orders reconcile --shop 7495540735365777507", ""),
        ("orders fetch", "has no command"),
        ("orders sync --until 2026-01-01", "--until"),
        ("shops set SHOP --total everything", "everything"),
        ("status now", "takes no"),
    ],
)
def test_a_command_that_is_none_is_noticed(line: str, fault: str) -> None:
    assert fault_of(line) == "" if not fault else fault in fault_of(line)


def test_the_documents_show_commands_at_all() -> None:
    texts = [document.read_text(encoding="utf-8") for document in DOCUMENTS]
    shown = {path[0] for text in texts for line in commands_in(text) if (path := command_of(line)[0])}
    assert shown == set(cli.commands)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_make_target_in_the_documents_is_one(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = document.read_text(encoding="utf-8")
    code = "\n".join([*blocks_in(text), *spans_in(text)])
    assert set(re.findall(r"^make ([a-z-]+)", code, re.MULTILINE)) - targets == set()


def test_the_configuration_tables_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "tools/configuration.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("", 0), done.stderr


@pytest.mark.parametrize(
    ("file", "pattern"), [(".env.example", r"^#?([A-Z][A-Z_]+)="), ("docker-compose.yml", r"^    ([A-Z][A-Z_]+): ")]
)
def test_every_variable_of_the_docker_files_is_a_setting(file: str, pattern: str) -> None:
    named = set(re.findall(pattern, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE))
    assert len(named) > 5
    assert named - {"WEB_PUBLISH"} - {name.upper() for name in Settings.model_fields} == set()


def codes_in(tree: ast.AST) -> Iterator[str]:
    """Error codes: ``code="..."``, ``code = "..."``, the first word of ``refused``, the second of a ``_Meaning``."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="code", value=value) | ast.Assign(targets=[ast.Name(id="code")], value=value):
                yield from _texts(value)
            case ast.Call(func=ast.Name(id="_Meaning"), args=[_, value, *_]):
                yield from _texts(value)
            case ast.Call(func=ast.Name(id="refused"), args=[value, *_]):
                yield from _texts(value)


def _texts(value: ast.AST) -> Iterator[str]:
    for part in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def test_the_runbook_knows_every_error_code() -> None:
    codes = {
        code
        for path in (ROOT / "worker").rglob("*.py")
        for code in codes_in(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert {"unknown_sku", "not_confirmed", "odoo_login", "scope_missing"} <= codes
    assert codes - set(spans_in(OPERATIONS.read_text(encoding="utf-8"))) == set()


def test_every_invariant_names_its_tests_and_they_exist() -> None:
    texts = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    named = set(re.findall(r"`(test_\w+)`", texts))
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8"))
    }
    assert named - there == set()
    rows = re.findall(r"^\| (\d+) \|.*`test_\w+` \|$", ARCHITECTURE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [str(number) for number in range(1, 11)]


def house_rules(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools/house_rules.py"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_house_rules_hold_here_and_every_link_leads_somewhere() -> None:
    done = house_rules(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "text", "breach"),
    [
        ("docs/a.md", "See [there](b.md).", "docs/a.md:1: the link b.md leads nowhere"),
        ("docs/a.md", "# One\n\n[two](#two)", "docs/a.md:3: docs/a.md has no heading #two"),
        ("worker/sync/a.py", "task.delay(1)\n", "worker/sync/a.py:1: .delay()"),
        ("web/a.py", "app.send_task('orders.drain')\n", "web/a.py:1: .send_task()"),
        ("worker/a.py", "print('here')\n", "worker/a.py:1: print()"),
        ("worker/a.py", "a = 1\n" * 401, "worker/a.py:401: longer than 400 lines"),
        ("Makefile", "all:\n\tcp /" + "root/a b\n", "Makefile:2: '/" + "root/' holds on one machine only"),
    ],
)
def test_a_breach_of_the_house_rules_is_told_with_its_place(tmp_path: Path, file: str, text: str, breach: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    done = house_rules(tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith(breach)


def test_what_the_house_rules_allow_is_let_by(tmp_path: Path) -> None:
    for file in ("worker/tasks/a.py", "worker/cli/a.py", "web/receiver.py"):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("task.delay(1)\nfootprint('a')\n", encoding="utf-8")
    (tmp_path / "a.md").write_text("# One's 2nd\n\n[x](#ones-2nd) [y](worker/tasks/a.py)\n```\n[z](nowhere.md)\n```\n")
    done = house_rules(tmp_path)
    assert done.returncode == 0, done.stdout


def test_the_table_of_queues_names_every_task() -> None:
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    rows = [line for line in ARCHITECTURE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    named = {span for row in rows for span in spans_in(row)}
    assert {name for name in ours if name not in named and f"{name.partition('.')[0]}.*" not in named} == set()
