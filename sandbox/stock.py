"""Stock: taken by orders, given back, shipped, set; a ledger keeps every change of what is available, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sandbox.errors import ControlError
from sandbox.model import Shop, Sku

Kind = Literal["order", "cancel", "update", "edit"]
Held = list[tuple[Sku, str]]


@dataclass(frozen=True)
class StockMove:
    """One change of what is available of a SKU in a warehouse.

    :param time: epoch seconds with fractions.
    :param kind: ``order`` takes, ``cancel`` gives back, ``update`` is an app's call, ``edit`` a person's change.
    :param quantity: units ordered or given back; for ``update`` and ``edit`` the number that was set, changed or not.
    :param order_id: '' for ``update`` and ``edit``.
    """

    time: float
    kind: Kind
    sku_id: str
    warehouse_id: str
    quantity: int
    available_after: int
    order_id: str = ""


class StockRoom:
    """All changes of quantities go through here, so that the ledger is complete.

    What a product is listed with is no change and not in the ledger.

    :param clock: epoch seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ledgers: dict[str, list[StockMove]] = {}

    def ledger(self, shop: Shop, since: float = 0.0) -> list[StockMove]:
        """The changes in a shop at or after ``since`` (epoch seconds), oldest first."""
        return [move for move in self._ledgers.get(shop.id, []) if move.time >= since]

    def take(self, skus: Sequence[Sku], order_id: str) -> Held:
        """Commit one unit of each given SKU (repeat it for more) to an order, from the first warehouse that has it.

        :return: the units with their warehouse ids, in the same order.
        :raises OutOfStock: when there are too few; nothing is taken then.
        """
        wanted = Counter(sku.id for sku in skus)
        for sku in {sku.id: sku for sku in skus}.values():
            if sku.total_available < wanted[sku.id]:
                raise OutOfStock(f"only {sku.total_available} of {sku.seller_sku} are available")
        taken: Held = []
        for sku in skus:
            warehouse_id = next(key for key, quantity in sku.available.items() if quantity > 0)
            sku.available[warehouse_id] -= 1
            sku.committed[warehouse_id] += 1
            taken.append((sku, warehouse_id))
        self._note_units("order", taken, order_id)
        return taken

    def give_back(self, held: Held, order_id: str) -> None:
        """Make what an order held available again."""
        for sku, warehouse_id in held:
            sku.committed[warehouse_id] -= 1
            sku.available[warehouse_id] += 1
        self._note_units("cancel", held, order_id)

    def ship(self, held: Held) -> None:
        """What an order held leaves; what is available stays."""
        for sku, warehouse_id in held:
            sku.committed[warehouse_id] -= 1

    def set(self, kind: Literal["update", "edit"], sku: Sku, quantities: dict[str, int]) -> None:
        """Set what is available by warehouse id, whatever orders hold besides; warehouses not named stay."""
        now = self._clock()
        for warehouse_id, quantity in quantities.items():
            sku.available[warehouse_id] = quantity
            self._note(sku, StockMove(now, kind, sku.id, warehouse_id, quantity, quantity))

    def _note_units(self, kind: Kind, held: Held, order_id: str) -> None:
        now = self._clock()
        skus = {sku.id: sku for sku, _ in held}
        for (sku_id, warehouse_id), quantity in Counter((sku.id, warehouse) for sku, warehouse in held).items():
            sku = skus[sku_id]
            after = sku.available[warehouse_id]
            self._note(sku, StockMove(now, kind, sku_id, warehouse_id, quantity, after, order_id))

    def _note(self, sku: Sku, move: StockMove) -> None:
        self._ledgers.setdefault(sku.product.shop.id, []).append(move)


class OutOfStock(ControlError):
    """An order wants more than there is."""
