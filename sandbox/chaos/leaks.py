"""Looks through everything that a run has written, logs and Redis's own file, for secrets and for buyers' data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sandbox.client import SandboxControl
from sandbox.scene import Seller

#: Of a buyer: whoever finds one of them in a log has found a person.
_PERSONAL = ("name", "phone_number", "address_line1", "full_address")
#: Shorter words are found anywhere.
_SHORTEST = 8
#: Not the connector's: what Odoo and PostgreSQL write, and TikTok.
_OTHERS = ("odoo/", "postgres/", "simulator.log")


def written_by(folder: Path) -> list[Path]:
    """Files of the connector and of its Redis, with all that was ever stored there since its last rewrite."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if not str(path.relative_to(folder)).startswith(_OTHERS))


def secrets_of(environment: Mapping[str, str], sellers: Iterable[Seller]) -> list[str]:
    """Keys, passwords and app secrets of an installation."""
    own = [environment[name] for name in ("SECRET_KEYS", "ODOO_PASSWORD")]
    return [*own, *(seller.app.app_secret for seller in sellers), *(seller.password for seller in sellers)]


def buyers_data(control: SandboxControl, shop_id: str, most: int = 60) -> list[str]:
    """What TikTok knows of the buyers of a shop's last orders: names, phone numbers, streets."""
    return [each for order in control.orders(shop_id)[-most:] for each in _personal(order)]


def _personal(order: dict[str, Any]) -> list[str]:
    address = order.get("recipient_address") or {}
    values = (str(address.get(name) or "") for name in _PERSONAL)
    return [value for value in values if len(value) >= _SHORTEST and "***" not in value]


def leaks(files: Iterable[Path], needles: Iterable[str]) -> list[str]:
    """``file: the needle's first letters`` for each that stands somewhere in a file."""
    wanted = sorted({needle for needle in needles if len(needle) >= _SHORTEST})
    found = []
    for path in files:
        content = path.read_bytes()
        found += [f"{path.name}: {needle[:4]}…" for needle in wanted if needle.encode() in content]
    return found
