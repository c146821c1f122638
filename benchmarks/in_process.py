"""The ceiling of an import: the same orders made and confirmed inside Odoo, as a plain script in ``odoo shell`` would.

Runs on Odoo's own Python, several processes at once, so it knows nothing of the connector. No network, no external
IDs, no search for what is there already, no check of totals: what is left is Odoo's own work.
"""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

#: PostgreSQL's codes of conflicts that go away: deadlock, serialization, lock not available.
_CONFLICTS = ("40P01", "40001", "55P03")


def run(env: Any, orders: str, batch: int, go: str, result: str, *, tracked: bool) -> None:
    """Create and confirm the orders of the file ``orders``, ``batch`` in a transaction.

    :param env: Odoo's environment.
    :param tracked: whether Odoo logs in the chatter what is set, as it does by itself.
    :param go: file that is waited for, so that all processes begin at once; ``<result>.ready`` says that this one may.
    :param result: file to write ``{began, ended, orders, conflicts}`` into, in seconds of the epoch.
    """
    if not tracked:
        env = env(context={**env.context, "tracking_disable": True})
    data = json.loads(Path(orders).read_text(encoding="utf-8"))
    env["sale.order"].search([], limit=1)
    Path(f"{result}.ready").touch()
    while not Path(go).exists():
        time.sleep(0.01)
    began = time.time()
    conflicts = 0
    for start in range(0, len(data), batch):
        conflicts += _store(env, data[start : start + batch])
    told = {"began": began, "ended": time.time(), "orders": len(data), "conflicts": conflicts}
    Path(result).write_text(json.dumps(told), encoding="utf-8")


def _store(env: Any, part: list[dict[str, Any]]) -> int:
    """One transaction, again until it goes through; answers how often it did not."""
    conflicts = 0
    while True:
        try:
            buyers = env["res.partner"].create([_partner(order) for order in part])
            values = [_order(order, buyer) for order, buyer in zip(part, buyers, strict=True)]
            env["sale.order"].create(values).action_confirm()
            env.cr.commit()
        except Exception as error:
            env.cr.rollback()
            if getattr(error, "pgcode", None) not in _CONFLICTS:
                raise
            conflicts += 1
            time.sleep(random.uniform(0, 0.2))
        else:
            return conflicts


def _partner(order: dict[str, Any]) -> dict[str, Any]:
    """A buyer with a delivery address."""
    return {**order["buyer"], "child_ids": [(0, 0, {**order["address"], "type": "delivery"})]}


def _order(order: dict[str, Any], buyer: Any) -> dict[str, Any]:
    return {
        "partner_id": buyer.id,
        "partner_invoice_id": buyer.id,
        "partner_shipping_id": buyer.child_ids.id or buyer.id,
        "client_order_ref": order["reference"],
        "origin": "in process",
        "order_line": order_lines(order),
    }


def order_lines(order: dict[str, Any]) -> list[Any]:
    """The lines as Odoo's ``create`` takes them, with exactly the taxes that they have."""
    return [(0, 0, {**line, "tax_ids": [(6, 0, line["tax_ids"])]}) for line in order["lines"]]
