"""Checks the rules of this repository that no linter knows; prints each breach and ends with 1 when there is one.

``python tools/house_rules.py [FOLDER]``; standard library only.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

CODE = ("worker", "web", "sandbox", "tools", "benchmarks")
LONGEST_MODULE = 400
_MADE = {"__pycache__", "build", "dist", "secrets", "node_modules"}
_KEPT_HIDDEN = {".ci", ".github", ".gitignore", ".dockerignore", ".env.example"}

#: Who may send Celery messages: the tasks, the command line through the tasks, and the receiver (by name only).
_SENDERS = ("worker/tasks/", "worker/cli/", "web/receiver.py")
_SENDING = {"delay", "apply_async", "send_task"}

#: What holds on one machine only: where packages come from there, and where somebody's files lie.
_LOCAL = re.compile(
    r"\b(?:pypi|pythonhosted|npmjs|debian|golang)\.(?:org|com)\b"
    r"|(?<![\w.}/])/(?:work|root|Users|home/[a-z]\w*)/"
)

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def files(root: Path) -> Iterator[Path]:
    """The files that a person wrote, by name."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if _is_ours(name))
        yield from (Path(folder, name) for name in sorted(names) if _is_ours(name))


def _is_ours(name: str) -> bool:
    if name in _KEPT_HIDDEN:
        return True
    return not (name.startswith(".") or name in _MADE or name.endswith((".egg-info", ".pyc")))


def breaches(root: Path) -> Iterator[str]:
    """Every breach below ``root``, as ``file:line: what is wrong``."""
    for path in files(root):
        name = path.relative_to(root).as_posix()
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if found := _LOCAL.search(line):
                yield f"{name}:{number}: {found.group().strip()!r} holds on one machine only"
        if path.suffix == ".py":
            yield from _of_module(name, text)
        elif path.suffix == ".md":
            yield from _of_document(root, path, name, text)


def _of_module(name: str, text: str) -> Iterator[str]:
    length = text.count("\n")
    if name.startswith(CODE) and length > LONGEST_MODULE:
        yield f"{name}:{length}: longer than {LONGEST_MODULE} lines; split it by what it owns"
    if not name.startswith(("worker/", "web/")):
        return
    for node in ast.walk(ast.parse(text, name)):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id == "print":
            yield f"{name}:{node.lineno}: print(); log an event, or click.echo() in a command"
        if isinstance(node.func, ast.Attribute) and node.func.attr in _SENDING and not name.startswith(_SENDERS):
            yield f"{name}:{node.lineno}: .{node.func.attr}(); only {', '.join(_SENDERS)} send Celery messages"


def _of_document(root: Path, path: Path, name: str, text: str) -> Iterator[str]:
    """Links to files and headings of the repository that are not there."""
    prose = _FENCE.sub(lambda found: "\n" * found.group().count("\n"), text)
    for found in _LINK.finditer(prose):
        target, _, anchor = found[1].partition("#")
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        line = prose.count("\n", 0, found.start()) + 1
        linked = (path.parent / target).resolve() if target else path
        if not linked.exists() or not linked.is_relative_to(root.resolve()):
            yield f"{name}:{line}: the link {found[1]} leads nowhere"
        elif anchor and linked.suffix == ".md" and anchor not in _anchors(linked):
            yield f"{name}:{line}: {target or name} has no heading #{anchor}"


def _anchors(path: Path) -> set[str]:
    headings = _HEADING.findall(_FENCE.sub("", path.read_text(encoding="utf-8")))
    # As GitHub makes them: lower case, punctuation away, each space a hyphen.
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def main() -> int:
    """Print every breach."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1]).resolve()
    found = list(breaches(root))
    print("\n".join(found) or "The house rules hold.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
