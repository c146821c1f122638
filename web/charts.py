"""Line charts as SVG: the geometry only. ``console/health/chart.html`` draws it, with a table of the same figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

WIDTH, HEIGHT = 640, 200
#: Room for the labels of the axes.
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 10, 24
_TIMES = (5, 10, 15, 30, 60, 120, 180, 240)  # minutes between two labels of the time axis
_MOST_TIMES = 7
#: Lines differ by how they are dashed as well as by colour.
_DASHES = ("", "7 4", "2 3", "10 3 2 3", "4 2")


@dataclass(frozen=True)
class Series:
    """One line: its name and a value for each time, ``None`` where there is none."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Line:
    """How a series is drawn: ``path`` is an SVG path, ``number`` counts from 1, ``last`` is its newest value."""

    name: str
    number: int
    path: str
    dash: str
    last: str


@dataclass(frozen=True)
class Tick:
    """A label of an axis, ``at`` so many units from the left or from the top."""

    at: float
    label: str


@dataclass(frozen=True)
class Chart:
    """Everything that the template needs. ``description`` says in words what the lines show."""

    id: str
    title: str
    unit: str
    description: str
    lines: list[Line]
    values: list[Tick]
    times: list[Tick]
    rows: list[tuple[datetime, list[str]]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw a line through."""
        return not any(line.path for line in self.lines)


def line_chart(
    name: str, title: str, unit: str, times: Sequence[datetime], series: Sequence[Series], *, rows: int = 24
) -> Chart:
    """A chart of ``series`` over ``times`` (ascending); its value axis begins at 0.

    :param rows: of the table beside it, at most; the newest figures are always in it.
    """
    known = [value for each in series for value in each.values if value is not None]
    top = _ceiling(max(known, default=0.0))
    begin, end = (times[0], times[-1]) if times else (datetime.now(UTC), datetime.now(UTC))

    def across(moment: datetime) -> float:
        share = (moment - begin) / (end - begin) if end > begin else 1.0
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def down(value: float) -> float:
        return HEIGHT - _BOTTOM - value / top * (HEIGHT - _TOP - _BOTTOM)

    lines = []
    for number, each in enumerate(series):
        path = _path(
            [(across(at), down(v)) if v is not None else None for at, v in zip(times, each.values, strict=True)]
        )
        last = next((value for value in reversed(each.values) if value is not None), None)
        lines.append(Line(each.name, number + 1, path, _DASHES[number % len(_DASHES)], figure(last)))
    step = max(1, math.ceil(len(times) / rows))
    chosen = sorted(range(len(times) - 1, -1, -step))
    return Chart(
        id=name,
        title=title,
        unit=unit,
        description=_describe(series, unit, begin, end),
        lines=lines,
        values=[Tick(down(top * share), figure(top * share)) for share in (0.0, 0.5, 1.0)],
        times=[Tick(across(moment), f"{moment:%H:%M}") for moment in _clock(begin, end)],
        rows=[(times[at], [figure(each.values[at]) for each in series]) for at in chosen],
    )


def figure(value: float | None) -> str:
    """A number as people read it: three digits that matter, a dash for none."""
    if value is None:
        return "–"
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _ceiling(value: float) -> float:
    """The least of 1, 2, 5, 10, 20 ... that is not below ``value``."""
    if value <= 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= value)


def _path(places: Sequence[tuple[float, float] | None]) -> str:
    """Moves over gaps; a point between two gaps becomes a short line, or nobody would see it."""
    words: list[str] = []
    pen_down = False
    for number, place in enumerate(places):
        if place is None:
            pen_down = False
            continue
        x, y = place
        words.append(f"{'L' if pen_down else 'M'}{x:.1f} {y:.1f}")
        if not pen_down and (number + 1 == len(places) or places[number + 1] is None):
            words.append("h1")
        pen_down = True
    return " ".join(words)


def _clock(begin: datetime, end: datetime) -> list[datetime]:
    """Full minutes, quarters or hours between the two, at most :data:`_MOST_TIMES`."""
    span = (end - begin).total_seconds() / 60
    step = next((minutes for minutes in _TIMES if span / minutes <= _MOST_TIMES), _TIMES[-1])
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    first = math.ceil((begin - midnight).total_seconds() / 60 / step)
    moments = (midnight + timedelta(minutes=step * number) for number in range(first, first + 2 * _MOST_TIMES))
    return [moment for moment in moments if moment <= end]


def _describe(series: Sequence[Series], unit: str, begin: datetime, end: datetime) -> str:
    parts = []
    for each in series:
        values = [value for value in each.values if value is not None]
        if values:
            last, most = figure(values[-1]), figure(max(values))
            parts.append(f"{each.name}: now {last}, at most {most} {unit}".strip())
    if not parts:
        return "There are no figures of this time."
    return f"From {begin:%H:%M} to {end:%H:%M} UTC. {'; '.join(parts)}."
