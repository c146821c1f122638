"""Measured figures with their goals, and how they are printed and kept."""

from __future__ import annotations

import json
import operator
import os
import platform
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "≥": operator.ge,
    "≤": operator.le,
    "<": operator.lt,
    "=": operator.eq,
}


@dataclass(frozen=True)
class Goal:
    """What a figure is to be: ``sign`` is ≥, ≤, < or =."""

    sign: str
    limit: float

    def met_by(self, value: float) -> bool:
        """Whether ``value`` is as wanted."""
        return _COMPARE[self.sign](value, self.limit)

    def __str__(self) -> str:
        return f"{self.sign} {self.limit:,g}"


@dataclass(frozen=True)
class Figure:
    """One figure.

    :param name: under which it is kept, such as ``stock.first_push.seconds``; it stays the same from run to run.
    :param text: what it is, for people.
    :param unit: such as ``s`` or ``calls``; empty for a bare number.
    :param goal: ``None`` when it is only told.
    """

    name: str
    text: str
    value: float
    unit: str
    goal: Goal | None = None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; ``None`` without one."""
        return None if self.goal is None else self.goal.met_by(self.value)

    @property
    def shown(self) -> str:
        """The value as people read it, with its unit."""
        number = f"{self.value:,}" if isinstance(self.value, int) else f"{self.value:,.3g}"
        if not isinstance(self.value, int) and self.value >= 100:
            number = f"{self.value:,.0f}"
        return f"{number} {self.unit}".strip()

    def stored(self) -> dict[str, object]:
        """As docs/benchmarks.json has it."""
        return {
            "name": self.name,
            "value": self.value if isinstance(self.value, int) else round(self.value, 4),
            "unit": self.unit,
            "goal": None if self.goal is None else str(self.goal),
            "met": self.met,
        }


def figures_table(figures: Sequence[Figure]) -> str:
    """A Markdown table of all figures."""
    verdict = {None: "", True: "yes", False: "**no**"}
    rows = ["| Measured | Value | Goal | Met |", "| --- | ---: | ---: | --- |"]
    rows += [f"| {each.text} | {each.shown} | {each.goal or ''} | {verdict[each.met]} |" for each in figures]
    return "\n".join(rows)


def calls_table(steps: Mapping[str, tuple[Counter[str], Counter[str]]]) -> str:
    """A Markdown table of the calls to TikTok and to Odoo by step."""
    rows = ["| Step | Calls to TikTok | Calls to Odoo |", "| --- | --- | --- |"]
    rows += [f"| {step} | {_listed(tiktok)} | {_listed(odoo)} |" for step, (tiktok, odoo) in steps.items()]
    return "\n".join(rows)


def _listed(calls: Counter[str]) -> str:
    return "<br>".join(f"{count:,} `{name}`" for name, count in calls.most_common()) or "none"


def machine() -> str:
    """What the run was on, in one line: processors, memory, system, Python."""
    model = next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if "model name" in line), "")
    total = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    cores = f"{os.cpu_count()} cores" + (f" ({model})" if model else "")
    return f"{cores}, {total / 1024**2:.0f} GiB of memory, {platform.system()}, Python {platform.python_version()}"


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []


def replace_section(document: Path, section: str, maker: str, text: str) -> None:
    """Put ``text`` between the markers of ``section``; ``maker`` is the command that they name.

    :raises ValueError: the document has no such markers.
    """
    old = document.read_text(encoding="utf-8")
    begin, end = f"<!-- {section}: made by {maker} -->\n", f"\n<!-- end of {section} -->"
    before, found, rest = old.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"{document.name} has no place for {section}: put {begin.strip()} and {end.strip()} into it.")
    document.write_text(before + begin + text + end + after, encoding="utf-8")


def tell(section: str, figures: Sequence[Figure], heading: str, *, keep: bool) -> int:
    """Print the table, and put it into the documents below ``heading`` when it is to be kept; answers the exit code."""
    table = figures_table(figures)
    print(table)
    if keep:
        write(section, figures, f"{heading}\n\n{table}")
    return int(any(figure.met is False for figure in figures))


def write(section: str, figures: Sequence[Figure], text: str) -> None:
    """Put ``text`` between the markers of ``section`` in docs/benchmarks.md, and the figures into docs/benchmarks.json.

    Figures of other sections (their names begin otherwise) stay as they are.

    :raises ValueError: the document has no such markers.
    """
    replace_section(DOCS / "benchmarks.md", section, f"make bench-{section}", text)
    store(DOCS / "benchmarks.json", section, figures)


def store(stored: Path, section: str, figures: Sequence[Figure]) -> None:
    """Put the figures of ``section`` into a list of figures; those whose names begin otherwise stay as they are."""
    known = json.loads(stored.read_text(encoding="utf-8")) if stored.exists() else []
    others = [each for each in known if not str(each["name"]).startswith(f"{section}.")]
    entries = [*others, *(figure.stored() for figure in figures)]
    stored.write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
