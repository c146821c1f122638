"""A group whose ``--help`` shows its commands under headings, in an order that makes sense to a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click


class Sections(click.Group):
    """A group of commands under headings.

    :param sections: commands by heading, in the order of ``--help``.
    """

    def __init__(self, *args: Any, sections: Mapping[str, Sequence[click.Command]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections = sections
        for commands in sections.values():
            for command in commands:
                self.add_command(command)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the headings; shells complete in this order, too."""
        return [str(command.name) for commands in self.sections.values() for command in commands]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands' section of the help."""
        names = self.list_commands(ctx)
        room = formatter.width - 6 - max(map(len, names))
        for heading, commands in self.sections.items():
            # The same width in every section, so that the texts stand below each other.
            rows = [(str(each.name).ljust(max(map(len, names))), each.get_short_help_str(room)) for each in commands]
            with formatter.section(heading):
                formatter.write_dl(rows)
