"""How commands answer: a table for people, tab-separated lines in a pipe, one JSON document with ``--json``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
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

F = TypeVar("F", bound=Callable[..., Any])

#: Columns whose cells are sentences, or words that need no name before them.
_SENTENCES = {"reason", "remedy", "problem", "finding", "meaning", "candidates"}
_PLAIN = {"shop", "order", "account", "code", "where", "what", "result", "setting", "value", "name", "market"}


def json_option(command: F) -> F:
    """The option ``--json``, given to the command as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


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
        click.echo(json.dumps(records(columns, rows), ensure_ascii=False, default=str))
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
