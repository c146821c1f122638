"""Writes the configuration tables of README.md and docs/configuration.md from the fields of the settings.

``python tools/configuration.py --write`` brings them up to date, ``--check`` ends with 1 when they are not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from worker.settings import Settings
from worker.state.shops import ShopSettings

ROOT = Path(__file__).resolve().parents[1]

#: A chapter of docs/configuration.md begins at this setting and goes on to the next one named here.
CHAPTERS = {
    "redis_url": "State and secrets",
    "odoo_url": "Odoo",
    "tiktok_api_url": "TikTok Shop",
    "order_batch_size": "Orders",
    "stock_interval": "Catalogue and stock",
    "worker_deaf_after": "Processes and logs",
}
#: What every installation sets or at least thinks about.
FIRST = (
    *("public_url", "redis_url", "secret_keys", "odoo_url", "odoo_db", "odoo_user", "odoo_password"),
    *("flower_basic_auth", "sentry_dsn"),
)


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None and not isinstance(field.default_factory, type):
        return "the time of linking"
    value: Any = None if field.default_factory is not None else field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, bool):
        value = "yes" if value else "no"
    return f"`{value}`" if value not in ("", None) else ""


def _table(heading: str, names: Iterable[str], fields: dict[str, FieldInfo], *, capitals: bool) -> str:
    rows = [f"| {heading} | Default | Meaning |", "| --- | --- | --- |"]
    for name in names:
        text = (fields[name].description or "").replace("|", r"\|")
        rows.append(f"| `{name.upper() if capitals else name}` | {_default(fields[name])} | {text} |")
    return "\n".join(rows)


def tables() -> dict[str, str]:
    """The text of each marked place, by its name."""
    fields = Settings.model_fields
    chapters: list[str] = []
    names: list[str] = []
    for name in [*fields, ""]:
        if (name in CHAPTERS or not name) and names:
            chapters.append(f"## {CHAPTERS[names[0]]}\n\n{_table('Variable', names, fields, capitals=True)}")
            names = []
        names.append(name)
    shop = ShopSettings.model_fields
    return {
        "first settings": _table("Variable", FIRST, fields, capitals=True),
        "all settings": "\n\n".join(chapters),
        "shop settings": _table("Setting", shop, shop, capitals=False),
    }


def renewed(text: str) -> str:
    """``text`` with the tables between its markers made anew."""
    for name, table in tables().items():
        begin, end = f"<!-- {name}: made by make format -->\n", f"\n<!-- end of {name} -->"
        if begin in text:
            before, _, rest = text.partition(begin)
            _, found, after = rest.partition(end)
            if not found:
                raise SystemExit(f"The marker {end.strip()} is missing.")
            text = before + begin + table + found + after
    return text


def main() -> int:
    """Check or write."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true")
    what.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    stale = 0
    for path in (ROOT / "README.md", ROOT / "docs" / "configuration.md"):
        text = path.read_text(encoding="utf-8")
        if (new := renewed(text)) != text:
            stale += 1
            if write:
                path.write_text(new, encoding="utf-8")
            print(f"{path.relative_to(ROOT)} {'is written' if write else 'is out of date; run: make format'}")
    return 1 if stale and not write else 0


if __name__ == "__main__":
    sys.exit(main())
