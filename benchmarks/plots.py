"""Bar charts as SVG for docs/benchmarks.md; readable on a light and on a dark page, and without colours."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from benchmarks.figures import DOCS, Figure

_WIDTH, _ROW, _TOP = 720, 34, 40
_LABELS, _VALUES = 300, 120


def bars(title: str, rows: Sequence[tuple[str, Figure]]) -> str:
    """One horizontal bar for each ``(label, figure)``, the longest for the largest value; all have the same unit."""
    most = max(figure.value for _, figure in rows) or 1
    room = _WIDTH - _LABELS - _VALUES
    height = _TOP + _ROW * len(rows) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'font-family="sans-serif" font-size="14" aria-label="{escape(title)}">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="10" y="24" font-weight="bold" fill="#222">{escape(title)}</text>',
    ]
    for number, (label, figure) in enumerate(rows):
        y = _TOP + _ROW * number
        length = max(1.0, room * figure.value / most)
        parts += [
            f'<text x="{_LABELS - 10}" y="{y + 20}" text-anchor="end" fill="#222">{escape(label)}</text>',
            f'<rect x="{_LABELS}" y="{y + 4}" width="{length:.1f}" height="{_ROW - 10}" fill="#3b6ea5"/>',
            f'<text x="{_LABELS + length + 8:.1f}" y="{y + 20}" fill="#222">{escape(figure.shown)}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])


def draw(name: str, title: str, rows: Sequence[tuple[str, str]], figures: Sequence[Figure]) -> Path:
    """Write docs/images/bench-<name>.svg from ``(label, name of the figure)``; answers the file."""
    known = {figure.name: figure for figure in figures}
    path = DOCS / "images" / f"bench-{name}.svg"
    path.parent.mkdir(exist_ok=True)
    path.write_text(bars(title, [(label, known[key]) for label, key in rows]), encoding="utf-8")
    return path
