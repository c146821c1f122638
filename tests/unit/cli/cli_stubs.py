"""What tests of the command line share."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import click
import pytest
from click.testing import CliRunner

import worker.cli
from tests.unit.builders import APP_KEY

#: Adds the account "demo"; its App Secret is still to be given.
ADD = ("accounts", "add", "--name", "Demo", "--market", "gb", "--service-id", "7100", "--app-key", APP_KEY)


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]
#: Celery messages: the task's name, then what it was given.
Messages = list[tuple[str, ...]]


def run_command(monkeypatch: pytest.MonkeyPatch, *arguments: str, typed: str | None = None) -> Ended:
    """Run ``tiktok-odoo`` as the shell does, down to its exit code."""
    monkeypatch.setattr(sys, "argv", ["tiktok-odoo", *arguments])
    with CliRunner().isolation(input=typed) as (out, err, _):
        with pytest.raises(SystemExit) as ended:
            worker.cli.main()
        texts = [stream.getvalue().decode() for stream in (out, err)]
    return Ended(int(ended.value.code or 0), *texts)


def one_line(ended: Ended, code: int = 1) -> str:
    """The error that a command ended with: one line, without a traceback."""
    assert (ended.code, ended.out) == (code, "")
    assert "Traceback" not in ended.err
    assert ended.err.count("\n") == 1, ended.err
    return ended.err.strip()


def document(ended: Ended) -> Any:
    """The one JSON document that a command printed."""
    return json.loads(ended.out)


def commands(group: click.Group = worker.cli.cli, *above: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with the words that name it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)
        else:
            yield (*above, name), command
