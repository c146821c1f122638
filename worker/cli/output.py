"""How commands answer: a table for people, tab-separated lines in a pipe, one JSON document with ``--json``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """The option ``--json``, given to the command as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


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
        table = Table(*(column.replace("_", " ") for column in columns))
        for row in rows:
            table.add_row(*("" if value is None else str(value) for value in row))
        Console().print(table)
    else:
        click.echo("\t".join(columns))
        for row in rows:
            click.echo("\t".join("" if value is None else str(value) for value in row))
