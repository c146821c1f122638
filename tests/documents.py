"""What the documents show as code, and the commands of ``tiktok-odoo`` in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from worker.cli import cli

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_BLOCK = re.compile(r"^[ \t]*```\w*\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)
#: Up to where a command of the shell ends; not at what stands in quotes.
_COMMAND = re.compile(r"""(?:^|(?<=[ /'"(`]))tiktok-odoo ([a-z-](?:[^#<>&|;()'"]|"[^"]*"|'[^']*')*)""")


def name_of(document: Path) -> str:
    """A document's path from the top of the project."""
    return str(document.relative_to(ROOT))


def blocks_in(text: str) -> list[str]:
    """The lines of code blocks; one that goes on after a backslash is one."""
    return re.sub(r"\s*\\\n\s*", " ", "\n".join(_BLOCK.findall(text))).splitlines()


def spans_in(text: str) -> list[str]:
    """What stands between backticks in running text."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", _BLOCK.sub("", text))]


def commands_of(line: str) -> Iterator[str]:
    """What follows ``tiktok-odoo`` in a line of code, as often as it stands there."""
    for found in _COMMAND.finditer(line):
        yield found[1].strip()


def commands_in(text: str) -> Iterator[str]:
    """Every command line in a document's code."""
    for line in [*blocks_in(text), *spans_in(text)]:
        yield from commands_of(line)


def command_of(line: str) -> tuple[list[str], click.Command, list[str]]:
    """A command line as the path of its command (``["orders", "retry"]``), the command, and the words after it.

    :raises LookupError: there is no such command.
    """
    path: list[str] = []
    words = shlex.split(line)
    command: click.Command = cli
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        if words[0] not in command.commands:
            raise LookupError(f"{command.name} has no command {words[0]!r}")
        path.append(words.pop(0))
        command = command.commands[path[-1]]
    return path, command, words


def fault_of(line: str) -> str:
    """What click would say to the command line; empty when it would go on."""
    try:
        _, command, words = command_of(line)
        values, left, _ = command.make_parser(click.Context(command)).parse_args(words)
        for parameter in command.params:
            if isinstance(parameter.type, click.Choice) and values.get(parameter.name or "") is not None:
                parameter.type.convert(values[parameter.name or ""], parameter, None)
    except LookupError as error:
        return str(error.args[0])
    except click.UsageError as error:
        return error.format_message()
    return f"{command.name} takes no {' '.join(left)!r}" if left else ""
