"""Create-if-absent: a record and its external ID in one transaction, through Odoo's import method ``load``.

With the context ``mode=update, noupdate=True`` an external ID that exists is answered with its record and nothing is
written; one that does not is created together with its ``ir.model.data`` row, whose unique (module, name) makes a
concurrent twin fail. That is what "exactly once" rests on; no lock of ours is needed. ``load`` tells every failure as a
message of an ordinary answer, a conflict of transactions too.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from worker.odoo.errors import OdooRejectedError, OdooUnavailableError, in_one_line, is_passing
from worker.odoo.gateway import Context, OdooGateway
from worker.odoo.rights import may, missing_right

MODULE = "tiktok_shop"
#: Context with which Odoo's field tracking logs nothing in the chatter (``mail.thread``).
UNTRACKED = {"tracking_disable": True}
_CREATE_IF_ABSENT = {"mode": "update", "noupdate": True}
_OVERWRITE = {"mode": "init", "noupdate": True}
_CONFLICT_ATTEMPTS = 8


@dataclass(frozen=True)
class Row:
    """One record for ``load``: its external ID, its cells by column, and further rows for its lines."""

    external_id: str
    cells: dict[str, str]
    lines: Sequence[dict[str, str]] = ()


@dataclass
class Loaded:
    """Database ids by external ID, and Odoo's reason for each record that it refused."""

    ids: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def external_id(kind: str, *parts: str) -> str:
    """``external_id("order", shop, order)`` is ``tiktok_shop.order_<shop>_<order>``."""
    return f"{MODULE}.{kind}_{'_'.join(parts)}"


def create_if_absent(
    gateway: OdooGateway, model: str, rows: Iterable[Row], *, context: Context | None = None
) -> Loaded:
    """Create the records that do not exist yet; the others are left as they are. Safe to repeat at any time.

    :raises OdooUnavailableError: Odoo does not answer, or conflicts would not end.
    :raises OdooRejectedError: ``odoo_rights``: the bot user may not create such records at all.
    """
    loaded = _load(gateway, model, list(rows), {**(context or {}), **_CREATE_IF_ABSENT})
    # A missing right comes as the same words for each record; it is no record's fault.
    if loaded.refused and not may(gateway, model, "create"):
        raise missing_right(model, "create")
    return loaded


def overwrite(gateway: OdooGateway, model: str, rows: Iterable[Row], *, context: Context | None = None) -> Loaded:
    """Write each row's cells to the record of its external ID, which must exist: many records in one call."""
    return _load(gateway, model, list(rows), {**(context or {}), **_OVERWRITE})


def _load(gateway: OdooGateway, model: str, rows: list[Row], context: Context) -> Loaded:
    loaded = Loaded()
    rows = sorted({row.external_id: row for row in rows}.values(), key=lambda row: row.external_id)
    while rows:
        columns = list(dict.fromkeys(name for row in rows for cells in (row.cells, *row.lines) for name in cells))
        data = [cells for row in rows for cells in _table(row, columns)]
        answer = _load_past_conflicts(gateway, model, ["id", *columns], data, context)
        if answer["ids"]:
            loaded.ids.update(zip((row.external_id for row in rows), answer["ids"], strict=True))
            break
        bad = _refused(answer["messages"])
        if not bad and len(rows) == 1:
            reasons = [in_one_line(str(message.get("message", ""))) for message in answer["messages"]]
            bad = {0: "; ".join(reasons) or "no reason given"}
        if bad:
            loaded.refused.update({rows[index].external_id: text for index, text in bad.items()})
            rows = [row for index, row in enumerate(rows) if index not in bad]
        else:  # a reason without a record: halve until it has one
            middle = len(rows) // 2
            for half in (rows[:middle], rows[middle:]):
                part = _load(gateway, model, half, context)
                loaded.ids.update(part.ids)
                loaded.refused.update(part.refused)
            break
    return loaded


def _table(row: Row, columns: Sequence[str]) -> Iterable[list[str]]:
    # The first line shares the record's row; further lines follow with the record's own cells empty.
    first, *others = row.lines or [{}]
    yield [row.external_id, *({**row.cells, **first}.get(name, "") for name in columns)]
    for line in others:
        yield ["", *(line.get(name, "") for name in columns)]


def _load_past_conflicts(
    gateway: OdooGateway, model: str, columns: list[str], data: list[list[str]], context: Context
) -> dict[str, Any]:
    for attempt in range(1, _CONFLICT_ATTEMPTS + 1):
        answer: dict[str, Any] = gateway.call(model, "load", fields=columns, data=data, context=context)
        if answer["ids"] or not any(is_passing(str(m.get("message"))) for m in answer["messages"]):
            return answer
        time.sleep(random.uniform(0.1, 0.5) * attempt)  # noqa: S311 - spreads retries, keeps no secret
    raise OdooUnavailableError(f"Other transactions kept Odoo from storing {len(data)} rows of {model}.")


def _refused(messages: Iterable[dict[str, Any]]) -> dict[int, str]:
    refused: dict[int, str] = {}
    for message in messages:
        text = in_one_line(str(message.get("message", "")))
        if message.get("type", "error") == "error" and isinstance(message.get("record"), int):
            refused.setdefault(int(message["record"]), text)
    return refused


def require_all(loaded: Loaded, what: str) -> dict[str, int]:
    """The ids of a load that must not have refused anything.

    :raises OdooRejectedError: it has; the message carries Odoo's first reason.
    """
    if loaded.refused:
        name, reason = next(iter(loaded.refused.items()))
        raise OdooRejectedError(f"Odoo refused {what} {name}: {reason}")
    return loaded.ids


def pieces(rows: Iterable[Row], column: str, most: int) -> Iterable[list[Row]]:
    """``rows`` in lists of which the cells of ``column``, such as images, have at most ``most`` characters together."""
    piece: list[Row] = []
    size = 0
    for row in rows:
        length = len(row.cells.get(column, ""))
        if piece and size + length > most:
            yield piece
            piece, size = [], 0
        piece.append(row)
        size += length
    if piece:
        yield piece
