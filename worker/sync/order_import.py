"""Brings a batch of orders into one Odoo: few calls, each safe to repeat, and one bad order never stops the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from worker.errors import OrderError
from worker.odoo.features import features_of
from worker.odoo.gateway import OdooGateway, search_read
from worker.odoo.load import Row
from worker.odoo.partners import PartnerRow, create_partners, put_below_buyers
from worker.odoo.products import ProductMatches, Sku
from worker.odoo.sales import SalesOrder, SalesOrders, odoo_datetime, origin_of
from worker.state.catalog import Catalog
from worker.state.reserving import Reserving
from worker.state.shops import Shop
from worker.sync.catalog_match import skus_of_orders
from worker.sync.order_adjust import adjust
from worker.sync.order_mapper import Contact, OrderDraft

#: TikTok's statuses at which a changed address still matters.
_BEFORE_TRANSIT = {"AWAITING_SHIPMENT", "PARTIALLY_SHIPPING", "AWAITING_COLLECTION"}
#: Problems that are written into the quotation's chatter, once.
NOTED = {"total_mismatch", "wrong_currency"}


@dataclass
class Imported:
    """What became of a batch: sales orders by TikTok order id (``confirmed``: those confirmed now), what is in the way
    of the others, and the product variants (Odoo's ids) of which something was sold."""

    orders: dict[str, SalesOrder] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    problems: dict[str, OrderError] = field(default_factory=dict)
    variants: set[int] = field(default_factory=set)
    confirmed: set[str] = field(default_factory=set)


class OrderImport:
    """One batch of drafts of one shop on their way into Odoo."""

    def __init__(
        self, gateway: OdooGateway, shop: Shop, catalog: Catalog, *, memory: OdooGateway, reserving: Reserving
    ) -> None:
        """:param memory: tells what hardly ever changes, see :class:`worker.odoo.remembering.Remembering`."""
        self._gateway = gateway
        self._memory = memory
        self._reserving = reserving
        self._sold: dict[str, set[int]] = {}
        self._shop = shop
        self._catalog = catalog
        self._settings = shop.settings
        self._sales = SalesOrders(gateway, shop.id, shop.settings.company_id, track_changes=shop.settings.track_changes)
        self._result = Imported()
        self._substituted: dict[str, list[str]] = {}
        self._skus: dict[str, Sku] = {}
        self._contacts: dict[str, PartnerRow] = {}

    def run(self, drafts: Sequence[OrderDraft], *, once_imported: set[str], already_noted: set[str]) -> Imported:
        """Create, confirm and correct.

        :param once_imported: orders that were in Odoo before: when they are no longer there, a person deleted them.
        :param already_noted: orders whose wrong total was written into their chatter before.
        :raises OdooUnavailableError: nothing is lost: run the whole batch again.
        """
        found = self._sales.find((draft.order_id for draft in drafts), imported=once_imported)
        known = [draft for draft in drafts if draft.order_id in found]
        for draft in drafts:
            if draft.order_id in once_imported and draft.order_id not in found:
                self._problem(draft, _deleted())
        new = [draft for draft in drafts if draft.order_id not in found and self._is_fine(draft)]
        partners = self._partners(known, new)
        created = self._create(new, partners)
        orders = self._sales.read(
            [*created.values(), *(order.id for draft in known for order in found[draft.order_id][:1])]
        )
        for draft in (*known, *new):
            odoo_id = created.get(draft.order_id) or next((o.id for o in found.get(draft.order_id, [])), None)
            if odoo_id in orders:
                self._result.orders[draft.order_id] = orders[odoo_id]
        self._adjust(known)
        self._result.created = set(created)
        self._flag_substitutes(created)
        self._check_totals((*known, *new), already_noted)
        self._confirm((*known, *new))
        self._readdress(known, partners)
        put_below_buyers(self._gateway, self._contacts.values(), partners)
        return self._result

    def _problem(self, draft: OrderDraft, error: OrderError) -> None:
        self._result.problems.setdefault(draft.order_id, error)

    def _is_fine(self, draft: OrderDraft) -> bool:
        return draft.order_id not in self._result.problems

    def _partners(self, known: Sequence[OrderDraft], new: Sequence[OrderDraft]) -> dict[str, int]:
        wanted = self._contacts
        for draft in (*new, *(draft for draft in known if _may_move(draft))):
            wanted[draft.buyer.external_id] = _partner_row(draft.buyer)
            if draft.address is not None:
                wanted[draft.address.external_id] = _partner_row(draft.address, parent=draft.buyer.external_id)
        settings = self._settings
        loaded = create_partners(
            self._gateway,
            list(wanted.values()),
            company_id=settings.company_id,
            track_changes=settings.track_changes,
            memory=self._memory,
        )
        for draft in new:
            for contact in (draft.buyer, draft.address):
                if contact is not None and contact.external_id not in loaded.ids:
                    reason = loaded.refused.get(contact.external_id, "its buyer was refused")
                    self._problem(draft, refused("partner", f"Odoo refused the buyer's contact: {reason}"))
        return loaded.ids

    def _create(self, drafts: Sequence[OrderDraft], partners: Mapping[str, int]) -> dict[str, int]:
        lines = {line.sku_id: (line.seller_sku, line.product_id) for draft in drafts for line in draft.goods}
        if not lines:
            return {}
        self._skus = skus_of_orders(self._catalog, lines)
        products = ProductMatches(self._gateway, self._skus.values(), company_id=self._settings.company_id)
        pricelists = _Pricelists(self._memory, self._shop, {draft.currency for draft in drafts})
        rows = {}
        for draft in drafts:
            if self._is_fine(draft):
                try:
                    rows[draft.order_id] = self._row(draft, partners, products, pricelists)
                except OrderError as error:
                    self._problem(draft, error)
        loaded = self._sales.create(list(rows.values()))
        for draft in drafts:
            if draft.external_id in loaded.refused:
                reason = loaded.refused[draft.external_id]
                self._problem(draft, refused("odoo_refused", f"Odoo refused the order: {reason}"))
        return {draft.order_id: loaded.ids[draft.external_id] for draft in drafts if draft.external_id in loaded.ids}

    def _row(
        self, draft: OrderDraft, partners: Mapping[str, int], products: ProductMatches, pricelists: _Pricelists
    ) -> Row:
        settings = self._settings
        buyer = str(partners[draft.buyer.external_id])
        address = str(partners[draft.address.external_id]) if draft.address else buyer
        cells = {
            "partner_id/.id": buyer,
            "partner_invoice_id/.id": buyer,
            "partner_shipping_id/.id": address,
            "client_order_ref": draft.order_id,
            "origin": origin_of(self._shop.id),
            "date_order": odoo_datetime(draft.placed_at),
            "commitment_date": odoo_datetime(draft.ship_by) if draft.ship_by else "",
            "user_id/.id": "",
        }
        chosen = {
            "company_id/.id": settings.company_id,
            "warehouse_id/.id": settings.warehouse_id,
            "team_id/.id": settings.sales_team_id,
            "carrier_id/.id": settings.default_carrier_id,
            "pricelist_id/.id": pricelists.of(draft.currency),
        }
        cells |= {column: str(value) for column, value in chosen.items() if value is not None}
        taxes = f"order_line/{features_of(self._gateway).line_taxes}/.id"
        tax = str(settings.tax_id or "")  # empty means no tax; without the cell Odoo would add its default on top
        lines = []
        for goods in draft.goods:
            sku = self._skus[goods.sku_id]
            product_id, is_substitute = products.product_for(sku, settings.default_product_id)
            # Never a silent substitute: whoever packs the order has to see what was sold.
            text = f"{goods.text}\nNot found in Odoo: SKU {sku}" if is_substitute else goods.text
            self._result.variants.add(product_id)
            self._sold.setdefault(draft.order_id, set()).add(product_id)
            if is_substitute:
                self._substituted.setdefault(draft.order_id, []).append(str(sku))
            lines.append(_line(product_id, text, goods.quantity, str(goods.price)) | {taxes: tax})
        for extra in draft.extras:
            own_tax = "" if extra.kind == "tax" else tax
            lines.append(_line(products.service(extra.kind), extra.text, 1, str(extra.amount)) | {taxes: own_tax})
        return Row(draft.external_id, cells, lines)

    def _flag_substitutes(self, created: Mapping[str, int]) -> None:
        """Say on each order with the default product which SKUs it stands for; the lines themselves name them, too."""
        for order_id, odoo_id in created.items():
            if skus := self._substituted.get(order_id):
                text = f"Odoo has no product for SKU {', '.join(skus)}: the shop's default product stands in. "
                self._sales.note(odoo_id, text + "Put the right product into the order before it is packed.")

    def _adjust(self, known: Sequence[OrderDraft]) -> None:
        orders = self._result.orders
        adjusted = adjust(self._gateway, self._shop, self._catalog, known, orders)
        self._result.variants |= adjusted.variants
        self._result.problems = adjusted.problems | self._result.problems
        if adjusted.changed:
            now = self._sales.read(adjusted.changed)
            for order_id, sale in list(orders.items()):
                orders[order_id] = now.get(sale.id, sale)

    def _check_totals(self, drafts: Sequence[OrderDraft], already_noted: set[str]) -> None:
        for draft in drafts:
            order = self._result.orders.get(draft.order_id)
            if order is None or order.state == "cancel":
                continue
            error = total_error(draft, order)
            if error is not None:
                self._problem(draft, error)
                if draft.order_id not in already_noted:
                    self._sales.note(order.id, f"{error.message} {error.remedy}")

    def _confirm(self, drafts: Sequence[OrderDraft]) -> None:
        if not self._settings.confirm_orders:
            return
        orders = self._result.orders
        ready = [
            draft
            for draft in drafts
            if self._is_fine(draft) and draft.order_id in orders and orders[draft.order_id].state in ("draft", "sent")
        ]
        reasons: dict[int, str] = {}
        # Closing: products are given back at once, also when confirming fails.
        with closing(self._reserving.in_turn({d.order_id: self._sold.get(d.order_id, ()) for d in ready})) as parts:
            for part in parts:
                reasons |= self._sales.confirm([orders[order_id].id for order_id in part])
        confirmed = self._result.confirmed
        for draft in ready:
            reason = reasons.get(orders[draft.order_id].id)
            if reason is None:
                confirmed.add(draft.order_id)
            else:
                self._problem(draft, refused("not_confirmed", f"Odoo did not confirm the order: {reason}"))
        # A crash just before this leaves Odoo's date; the next look at the order sees the difference and comes here.
        late = {
            draft.external_id: draft.placed_at
            for draft in drafts
            if self._is_fine(draft)
            and (sale := orders.get(draft.order_id)) is not None
            and (draft.order_id in confirmed or (sale.state == "sale" and sale.placed_at != draft.placed_at))
        }
        if late:
            self._sales.set_dates(late)

    def _readdress(self, known: Sequence[OrderDraft], partners: Mapping[str, int]) -> None:
        moved = {}
        for draft in known:
            order = self._result.orders.get(draft.order_id)
            if order is None or order.state == "cancel" or draft.address is None or not _may_move(draft):
                continue
            partner = partners.get(draft.address.external_id)
            if partner is not None and partner != order.shipping_partner_id:
                moved[draft.order_id] = (order, partner)
        if not moved:
            return
        shipped = self._sales.shipped(order for order, _ in moved.values())
        ours = self._contacts_of_ours([order.shipping_partner_id for order, _ in moved.values()])
        for order, partner in moved.values():
            # An address that a person chose in Odoo stays, and so does one that goods were sent to.
            if order.id not in shipped and order.shipping_partner_id in ours:
                self._sales.set_address(order, partner)

    def _contacts_of_ours(self, partner_ids: Sequence[int | None]) -> set[int]:
        ids = sorted({partner_id for partner_id in partner_ids if partner_id is not None})
        names = self._gateway.call("res.partner", "get_external_id", ids=ids)
        return {int(partner_id) for partner_id, name in names.items() if name.startswith("tiktok_shop.")}


def total_error(draft: OrderDraft, order: SalesOrder) -> OrderError | None:
    """What is wrong with the amount that Odoo came to, if anything: the wrong currency or another total."""
    if order.currency != draft.currency:
        return OrderError(
            f"{order.name} is in {order.currency}, the order on TikTok in {draft.currency}.",
            code="wrong_currency",
            remedy=f"Choose a pricelist in {draft.currency} for the shop, delete the quotation in Odoo, then "
            f"`tiktok-odoo orders import --force {draft.order_id}`.",
        )
    if order.total != draft.total:
        return OrderError(
            f"{order.name} comes to {order.total} {order.currency}, the order on TikTok to {draft.total}.",
            code="total_mismatch",
            remedy="The order was changed in Odoo since, or on TikTok: correct the lines and retry."
            if order.state == "sale"
            else "Check the shop's tax (it must be included in the price), correct the quotation and retry.",
        )
    return None


def _may_move(draft: OrderDraft) -> bool:
    # TikTok masks addresses later on; a masked one never replaces a good one.
    return draft.address is not None and not draft.address.masked and draft.status in _BEFORE_TRANSIT


def _partner_row(contact: Contact, parent: str = "") -> PartnerRow:
    return PartnerRow(contact.external_id, contact.fields, contact.country_code, contact.state_name, parent)


def _line(product_id: int, text: str, quantity: int, price: str) -> dict[str, str]:
    return {
        "order_line/product_id/.id": str(product_id),
        "order_line/name": text,
        "order_line/product_uom_qty": str(quantity),
        "order_line/price_unit": price,
    }


#: What a person does about Odoo's own reasons.
_REMEDIES = {
    "partner": "The reason is Odoo's: correct the rule or field there, then `tiktok-odoo orders retry`.",
    "odoo_refused": "The reason is Odoo's: correct it there, or what the shop is set to with `tiktok-odoo shops set`.",
    "not_confirmed": "The reason is Odoo's: correct it and retry, or confirm the order in Odoo by hand.",
}


def refused(code: str, message: str) -> OrderError:
    """What Odoo refused for reasons of its own, with the remedy for that step."""
    return OrderError(message, code=code, remedy=_REMEDIES[code])


def _deleted() -> OrderError:
    return OrderError(
        "The order was imported and then deleted in Odoo.",
        code="deleted_in_odoo",
        remedy="`tiktok-odoo orders import --force` brings it back.",
    )


class _Pricelists:
    """The pricelist for each currency; an order's currency in Odoo is its pricelist's, or else the company's.

    Prices are TikTok's in any case. Of several pricelists the first in Odoo's own order is taken, as Odoo does itself.
    """

    def __init__(self, gateway: OdooGateway, shop: Shop, currencies: set[str]) -> None:
        self._chosen = shop.settings.pricelist_id
        self._found: dict[str, int] = {}
        self._company_currency = ""
        if self._chosen is not None:
            return
        domain: list[object] = [("currency_id.name", "in", sorted(currencies))]
        company = shop.settings.company_id
        if company is not None:
            domain.append(("company_id", "in", [False, company]))
        for record in search_read(gateway, "product.pricelist", domain, ["currency_id"], order="sequence, id"):
            self._found.setdefault(record["currency_id"][1], record["id"])
        if currencies - set(self._found):
            which = [("id", "=", company)] if company is not None else []
            companies = search_read(gateway, "res.company", which, ["currency_id"], limit=1)
            self._company_currency = companies[0]["currency_id"][1] if companies else ""

    def of(self, currency: str) -> int | None:
        if self._chosen is not None:
            return self._chosen
        if currency in self._found:
            return self._found[currency]
        if currency == self._company_currency:
            return None
        raise OrderError(
            f"Odoo has no pricelist in {currency}.",
            code="missing_pricelist",
            remedy=f"Activate the currency and create a pricelist in {currency}.",
        )
