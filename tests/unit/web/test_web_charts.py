"""Charts: the geometry is right, gaps stay gaps, and everything that is drawn can be read as words and figures."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from web.charts import HEIGHT, WIDTH, Series, figure, line_chart

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def times(count: int, step: int = 1) -> list[datetime]:
    return [NOON + timedelta(minutes=step * number) for number in range(count)]


def test_a_line_goes_from_the_left_to_the_right_and_is_higher_where_more_is() -> None:
    chart = line_chart("x", "X", "s", times(3), [Series("lag", [0.0, 5.0, 10.0])])
    (line,) = chart.lines
    points = [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", line.path)]
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
    assert (points[0][0], points[-1][0]) == (chart.left, chart.right)
    assert points[0][1] == chart.bottom
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)


def test_a_gap_stays_a_gap_and_a_lonely_point_is_seen() -> None:
    (line,) = line_chart("x", "X", "", times(5), [Series("a", [1.0, 2.0, None, 3.0, None])]).lines
    assert line.path.count("M") == 2
    assert line.path.endswith("h1")
    assert line.last == "3"


def test_lines_differ_by_more_than_their_colour() -> None:
    chart = line_chart("x", "X", "", times(2), [Series(str(number), [1.0, 2.0]) for number in range(5)])
    assert len({line.dash for line in chart.lines}) == len({line.number for line in chart.lines}) == 5


def test_the_description_says_in_words_what_is_drawn() -> None:
    series = [Series("median", [1.0, 9.0, 2.5]), Series("none", [None, None, None])]
    chart = line_chart("x", "X", "seconds", times(3), series)
    assert chart.description == "From 12:00 to 12:02 UTC. median: now 2.50, at most 9 seconds."


def test_the_table_has_the_newest_figures_and_not_too_many_rows() -> None:
    chart = line_chart("x", "X", "", times(180), [Series("a", [float(number) for number in range(180)])], rows=24)
    assert len(chart.rows) <= 24
    assert chart.rows[-1] == (NOON + timedelta(minutes=179), ["179"])
    assert [row[0] for row in chart.rows] == sorted(row[0] for row in chart.rows)


@pytest.mark.parametrize(("count", "step"), [(30, 1), (180, 1), (180, 8)])
def test_the_time_axis_has_a_few_round_times(count: int, step: int) -> None:
    labels = [tick.label for tick in line_chart("x", "X", "", times(count, step), [Series("a", [0.0] * count)]).times]
    assert 2 <= len(labels) <= 8
    assert all(re.fullmatch(r"\d\d:(00|05|10|15|20|25|30|35|40|45|50|55)", label) for label in labels)


@pytest.mark.parametrize("values", [[], [None], [0.0]])
def test_nothing_much_to_draw_is_no_error(values: list[float | None]) -> None:
    chart = line_chart("x", "X", "", times(len(values)), [Series("a", values)])
    assert chart.is_empty is (values != [0.0])


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.0, "0"), (3.0, "3"), (2.345, "2.35"), (12.34, "12.3"), (1234.5, "1,234")]
)
def test_figures_are_short(value: float | None, text: str) -> None:
    assert figure(value) == text
