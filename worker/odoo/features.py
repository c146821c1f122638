"""What differs between Odoo 14 and 19, and which modules there are: read from the models' fields, in this one place.

Everything else in the connector asks here for the name of a field, or whether Odoo can do something.
"""

from __future__ import annotations

import html
import time
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from worker.odoo.errors import OdooRejectedError
from worker.odoo.gateway import OdooGateway

#: Fields by whose presence versions and modules are told apart.
_ASKED: dict[str, tuple[str, ...]] = {
    "product.product": ("is_storable", "detailed_type", "variant_bom_ids"),
    "product.template.attribute.line": ("sequence",),
    "sale.order": ("locked",),
    "sale.order.line": ("tax_ids",),
    "stock.move": ("name", "picked", "to_refund"),
    "stock.picking": ("move_ids", "return_id", "carrier_id", "carrier_tracking_ref"),
}
#: Seconds for which an answer is kept: modules can be installed, and Odoo replaced by a newer one.
_KEPT = 3600.0


@dataclass(frozen=True)
class Features:
    """What this Odoo has. The defaults are those of Odoo 19 with all modules.

    :param is_storable: products say by a field of their own that Odoo keeps count of them (18 and newer); before, their
        type is ``product``.
    :param detailed_type: that type is written to ``detailed_type`` (15 to 17).
    :param kits: the module ``mrp`` is installed.
    :param carriers: deliveries have a carrier and a tracking reference (``stock_delivery``; ``delivery`` before 17).
    :param locks: a confirmed order can be locked (17 and newer); before, it has the state ``done`` instead.
    :param picked: moves have one quantity, reserved or done, and say whether it is done (17 and newer); before, they
        have one of each. Odoo 17 also brought ``any`` in domains, and escapes the text of messages by itself.
    :param move_ids: what a picking calls its moves; ``move_lines`` before 16.
    :param move_names: a move needs a description (before 19).
    :param return_id: a picking says which one it takes back (17 and newer).
    :param to_refund: a move says whether what comes back is taken from what was delivered (``stock_account``).
    :param sorted_attributes: the attributes of a product template have an order (17 and newer).
    :param line_taxes: what a line of a sales order calls its taxes; ``tax_id`` before 19.
    """

    is_storable: bool = True
    detailed_type: bool = False
    kits: bool = True
    carriers: bool = True
    locks: bool = True
    picked: bool = True
    move_ids: str = "move_ids"
    move_names: bool = False
    return_id: bool = True
    to_refund: bool = True
    sorted_attributes: bool = True
    line_taxes: str = "tax_ids"

    @property
    def storable(self) -> tuple[str, str, Any]:
        """The condition by which Odoo keeps count of a product."""
        return ("is_storable", "=", True) if self.is_storable else ("type", "=", "product")

    @property
    def storable_cells(self) -> dict[str, str]:
        """What ``load`` is given to make a product that Odoo keeps count of."""
        if self.is_storable:
            return {"type": "consu", "is_storable": "1"}
        return {"detailed_type" if self.detailed_type else "type": "product"}

    @property
    def any_in_domains(self) -> bool:
        """Whether domains take the operator ``any``."""
        return self.picked

    @property
    def load_in_search_read(self) -> bool:
        """Whether ``search_read`` can be told to leave out the names of what a record points to."""
        return self.move_ids != "move_lines"  # Odoo 14 cannot, 16 can

    @property
    def deliveries_follow(self) -> bool:
        """Whether a smaller quantity in a confirmed order takes from its deliveries too: not so in Odoo 14, and looked
        after by ourselves before 17."""
        return self.picked

    @property
    def needs_email(self) -> bool:
        """Whether a user needs an e-mail address to write into the chatter: so in 14, 16 and 18, not in 19."""
        return self.move_names

    def message(self, text: str) -> str:
        """``text`` as ``message_post`` takes it: before Odoo 17 it takes HTML."""
        return text if self.picked else html.escape(text)


#: By gateway; one that only passes calls on (to time or to remember them) is made anew for each batch.
_known: WeakKeyDictionary[OdooGateway, tuple[float, Features]] = WeakKeyDictionary()


def features_of(gateway: OdooGateway) -> Features:
    """What the Odoo behind ``gateway`` has: six quick calls, and none for an hour afterwards.

    :raises OdooUnavailableError: no answer.
    """
    while (inner := getattr(gateway, "wrapped", None)) is not None:
        gateway = inner
    asked_at, features = _known.get(gateway, (0.0, None))
    if features is None or time.monotonic() - asked_at > _KEPT:
        features = _ask(gateway)
        _known[gateway] = time.monotonic(), features
    return features


def _ask(gateway: OdooGateway) -> Features:
    has = {model: _fields(gateway, model, names) for model, names in _ASKED.items()}
    picking = has["stock.picking"]
    return Features(
        is_storable="is_storable" in has["product.product"],
        detailed_type="detailed_type" in has["product.product"],
        kits="variant_bom_ids" in has["product.product"],
        carriers={"carrier_id", "carrier_tracking_ref"} <= picking,
        locks="locked" in has["sale.order"],
        picked="picked" in has["stock.move"],
        move_ids="move_ids" if "move_ids" in picking else "move_lines",
        move_names="name" in has["stock.move"],
        return_id="return_id" in picking,
        to_refund="to_refund" in has["stock.move"],
        sorted_attributes="sequence" in has["product.template.attribute.line"],
        line_taxes="tax_ids" if "tax_ids" in has["sale.order.line"] else "tax_id",
    )


def _fields(gateway: OdooGateway, model: str, names: tuple[str, ...]) -> set[str]:
    """Which of these fields the model has; none where the module of the model is missing, which its use then tells."""
    try:
        return set(gateway.call(model, "fields_get", allfields=list(names), attributes=["type"]))
    except OdooRejectedError:
        return set()
