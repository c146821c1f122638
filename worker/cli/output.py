"""How commands answer: a table for people, tab-separated lines in a pipe, one JSON document with ``--json``.

Standard output holds the answer alone. What is asked, said by the way or went wrong goes to standard error.
"""

from __future__ import annotations

import json
import os
import pwd
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from worker.state.audit import Audit
from worker.sync.runtime import get_runtime

F = TypeVar("F", bound=Callable[..., Any])

#: Columns whose cells are sentences, or words that need no name before them.
_SENTENCES = {"reason", "remedy", "problem", "finding", "meaning", "candidates"}
_PLAIN = {"shop", "order", "account", "code", "where", "what", "result", "setting", "value", "name", "market"}


def json_option(command: F) -> F:
    """The option ``--json``, given to the command as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def who() -> str:
    """Who uses the command line, for the audit trail: ``cli:`` and the login that this process runs under."""
    try:
        return f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:  # a container may run under a number without a name
        return f"cli:{os.getuid()}"


def audited(action: str, target: str = "", detail: str = "") -> None:
    """Write into the audit trail what a command has just done (``noun.verb``); never a secret or a buyer's data.

    For changes that are made here alone. What the console can do as well is written where both have it done.
    """
    Audit(get_runtime().redis).note(who(), action, target, detail)


def say(document: Mapping[str, Any], *lines: str, as_json: bool) -> None:
    """Print what a command did: ``lines`` for people, ``document`` for programs."""
    if as_json:
        print_json(document)
    else:
        for line in lines:
            click.echo(line)


def print_json(document: object) -> None:
    """Print one JSON document in one line; what JSON does not know, such as a time, becomes text."""
    text = json.dumps(document, ensure_ascii=False, default=str)
    # Half of a surrogate pair, as of a title cut within an emoji, is no UTF-8; spelled out it is JSON all the same.
    click.echo(text.encode("utf-8", "backslashreplace").decode())


def ask(what: str, option: str, *, as_json: bool, **prompt: Any) -> str:
    """Ask a person for what the command was not given.

    :param option: the option that would have given it.
    :param prompt: how to ask, as of :func:`click.prompt`.
    :raises click.UsageError: a program is at the other end, which nobody asks.
    """
    if as_json:
        raise click.UsageError(f"With --json nothing is asked: add {option}.")
    answer: str = click.prompt(what, err=True, **prompt)
    return answer


def confirm(question: str, *, yes: bool, as_json: bool) -> None:
    """Have a person say yes, unless ``yes`` says so already.

    :raises click.Abort: the answer is no.
    :raises click.UsageError: a program is at the other end, which nobody asks.
    """
    if yes:
        return
    if as_json:
        raise click.UsageError("With --json nothing is asked: add --yes.")
    click.confirm(question, abort=True, err=True)


@contextmanager
def progress(what: str, *, as_json: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A progress bar for people on a terminal; gives the function that is told how many are done, of how many."""
    console = Console(stderr=True)
    if as_json or not console.is_terminal:
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def records(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Rows as JSON objects, by column."""
    return [dict(zip(columns, row, strict=True)) for row in rows]


def show(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, as_json: bool = False, empty: str = "None.") -> None:
    """Print ``rows``; ``empty`` is what people read when there are none."""
    if as_json:
        print_json(records(columns, rows))
    elif not rows:
        click.echo(empty)
    elif sys.stdout.isatty():
        _show_to_people(columns, [["" if value is None else str(value) for value in row] for row in rows])
    else:
        click.echo("\t".join(columns))
        for row in rows:
            click.echo("\t".join("" if value is None else str(value) for value in row))


def _show_to_people(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table; where there are sentences, each row with its sentences below it, since they would tear a table apart."""
    console = Console()
    if not _SENTENCES.intersection(columns):
        table = Table(box=box.SIMPLE, pad_edge=False)
        for column in columns:
            table.add_column(column.replace("_", " "), no_wrap=True)
        for row in rows:
            table.add_row(*row)
        # In a narrow terminal lines wrap, but no id is cut off: ids are there to be copied.
        console.width = max(console.width, Measurement.get(console, console.options.update(width=1000), table).maximum)
        console.print(table)
        return
    for row in rows:
        cells = [(column, cell) for column, cell in zip(columns, row, strict=True) if cell]
        head = [
            cell if column in _PLAIN else f"{column.replace('_', ' ')} {cell}"
            for column, cell in cells
            if column not in _SENTENCES
        ]
        console.print(Text("  ".join(head), style="bold"))
        for column, cell in cells:
            if column in _SENTENCES:
                console.print(Padding(Text(cell), (0, 0, 0, 4)))
