"""Checks of each shop: do its settings point to things that Odoo has, do webhooks come, what waits for a person?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from worker.odoo.gateway import OdooGateway, search_read
from worker.state.shops import Shop
from worker.state.standing import ShopStanding, look
from worker.sync.doctor.finding import Finding, fail, ok, skipped, warn
from worker.sync.runtime import Runtime
from worker.tiktok.markets import market

#: Webhooks that are looked through for the newest of each shop.
_EVENTS = 5_000

#: Model of what a shop's settings point to, with the fields that are looked at.
_FIELDS = {
    "res.company": ["name", "currency_id"],
    "stock.warehouse": ["name", "company_id"],
    "crm.team": ["name"],
    "product.pricelist": ["name", "currency_id", "company_id"],
    "account.tax": ["name", "price_include"],
    "product.product": ["display_name", "active"],
    "delivery.carrier": ["name"],
    "stock.location": ["complete_name"],
}
#: An import takes the first pricelist in Odoo's own order.
_ORDER = {"product.pricelist": "sequence, id"}


@dataclass
class _Odoo:
    """What Odoo has of everything that the shops' settings point to, read at once for all shops."""

    found: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def read(cls, gateway: OdooGateway, shops: Iterable[Shop]) -> _Odoo:
        wanted: dict[str, set[int]] = {}
        for shop in shops:
            for _, model, ids in _pointers(shop):
                wanted.setdefault(model, set()).update(ids)
        domains: dict[str, list[Any]] = {model: [("id", "in", sorted(ids))] for model, ids in wanted.items()}
        # All of these, since they are looked through where a shop has chosen none; they are few.
        domains |= {"product.pricelist": [], "res.company": []}
        made = cls()
        for model, domain in domains.items():
            records = search_read(gateway, model, domain, _FIELDS[model], order=_ORDER.get(model, "id"))
            made.found[model] = {int(record["id"]): record for record in records}
        return made

    def get(self, model: str, record_id: int) -> Mapping[str, Any] | None:
        return self.found.get(model, {}).get(record_id)


def _pointers(shop: Shop) -> Iterator[tuple[str, str, list[int]]]:
    """(setting, Odoo's model, ids) of everything in Odoo that the shop's settings point to."""
    given = shop.settings
    single = {
        "company": ("res.company", given.company_id),
        "warehouse": ("stock.warehouse", given.warehouse_id),
        "sales_team": ("crm.team", given.sales_team_id),
        "pricelist": ("product.pricelist", given.pricelist_id),
        "tax": ("account.tax", given.tax_id),
        "default_product": ("product.product", given.default_product_id),
        "default_carrier": ("delivery.carrier", given.default_carrier_id),
        "stock_location": ("stock.location", given.stock_location_id),
    }
    for setting, (model, record_id) in single.items():
        if record_id is not None:
            yield setting, model, [record_id]
    feeds = given.warehouse_feeds.values()
    warehouses = [*given.stock_warehouse_ids, *(each for feed in feeds for each in feed.warehouse_ids)]
    locations = [feed.location_id for feed in feeds if feed.location_id is not None]
    if warehouses:
        yield "stock_warehouse", "stock.warehouse", warehouses
    if locations:
        yield "feed", "stock.location", locations


def shops(runtime: Runtime, *, odoo_is_well: bool) -> Iterator[Finding]:
    """Every shop, one after the other; Odoo is asked once for all.

    :param odoo_is_well: whether Odoo is to be asked at all.
    """
    everyone = runtime.shops.all()
    if not everyone:
        yield skipped("shop.settings", "There is no shop yet: link an account.")
        return
    in_odoo = _Odoo.read(runtime.odoo, everyone) if odoo_is_well else None
    accounts = {account.id for account in runtime.accounts.all()}
    newest: dict[str, datetime] = {}
    for event in runtime.inbox.latest(_EVENTS):
        newest.setdefault(event.shop_id, event.at)
    for standing in look(runtime.redis, runtime.broker).shops:
        yield from _shop(standing, in_odoo, newest.get(standing.shop.id), accounts)


def _shop(
    standing: ShopStanding, in_odoo: _Odoo | None, webhook: datetime | None, accounts: set[str]
) -> Iterator[Finding]:
    shop = standing.shop
    where = shop.id
    if shop.account_id not in accounts:
        remedy = f"`tiktok-odoo shops remove {shop.id}`"
        yield fail("shop.account", f"Its account {shop.account_id} is gone.", remedy, where=where)
    if not shop.enabled:
        yield skipped("shop.settings", f"{shop.name} is switched off.", where=where)
        return
    if in_odoo is None:
        yield skipped("shop.settings", "Odoo cannot be asked.", where=where)
    else:
        yield from _settings(shop, in_odoo)
        yield _currency(shop, in_odoo)
    yield _webhooks(shop, webhook)
    yield _waiting(standing)


def _settings(shop: Shop, in_odoo: _Odoo) -> Iterator[Finding]:
    name, where = "shop.settings", shop.id
    faults = list(_faults(shop, in_odoo))
    for setting, text in faults:
        change = f"feed {shop.id}" if setting == "feed" else f"set {shop.id} --{setting.replace('_', '-')} NAME"
        yield fail(name, text, f"`tiktok-odoo shops {change}`", where=where)
    if not faults:
        go_live = shop.settings.go_live
        later = f" Until {go_live:%Y-%m-%d %H:%M} UTC no order is imported." if go_live > datetime.now(UTC) else ""
        text = f"{shop.name}: what it is set to is there in Odoo; go-live {go_live:%Y-%m-%d %H:%M} UTC.{later}"
        yield ok(name, text, where=where)


def _faults(shop: Shop, in_odoo: _Odoo) -> Iterator[tuple[str, str]]:
    for setting, model, ids in _pointers(shop):
        what = setting.replace("_", " ")
        for record_id in ids:
            record = in_odoo.get(model, record_id)
            if record is None:
                yield setting, f"Odoo has no {what} with the id {record_id}; it is archived, deleted or not visible."
                continue
            if model == "account.tax" and not record["price_include"]:
                yield setting, f"The tax {record['name']!r} is added on top of the price, so no total will agree."
            company = record.get("company_id")
            ours = shop.settings.company_id
            if company and ours is not None and company[0] != ours:
                yield setting, f"The {what} {record['name']!r} is of another company than the shop's."


def _currency(shop: Shop, in_odoo: _Odoo) -> Finding:
    """As an import chooses: the shop's pricelist, the first one in the currency, or the company's own currency."""
    name, where = "shop.currency", shop.id
    wanted = market(shop.region).currency
    chosen = shop.settings.pricelist_id
    lists = in_odoo.found["product.pricelist"]
    if chosen is not None and chosen in lists:
        currency = lists[chosen]["currency_id"][1]
        if currency == wanted:
            return ok(name, f"The pricelist {lists[chosen]['name']!r} is in {wanted}.", where=where)
        text = f"The pricelist {lists[chosen]['name']!r} is in {currency}, the shop sells in {wanted}."
        return fail(name, text, f"`tiktok-odoo shops set {shop.id} --pricelist NAME`", where=where)
    ours = shop.settings.company_id
    fitting = [
        each
        for each in lists.values()
        if each["currency_id"][1] == wanted and (not each["company_id"] or ours in (None, each["company_id"][0]))
    ]
    if fitting:
        return ok(name, f"Odoo has a pricelist in {wanted}: {fitting[0]['name']!r}.", where=where)
    companies = in_odoo.found["res.company"]
    company = companies.get(ours) if ours is not None else next(iter(companies.values()), None)
    if company is not None and company["currency_id"][1] == wanted:
        return ok(name, f"{wanted} is the company's own currency.", where=where)
    text = f"Odoo has no pricelist in {wanted}, so every order of the shop will be parked."
    return fail(name, text, f"Activate the currency in Odoo and create a pricelist in {wanted}.", where=where)


def _webhooks(shop: Shop, newest: datetime | None) -> Finding:
    name, where = "shop.webhooks", shop.id
    if newest is not None:
        return ok(name, f"The last webhook came on {newest:%Y-%m-%d %H:%M:%S} UTC.", where=where)
    if datetime.now(UTC) - shop.linked_at < timedelta(hours=1):
        return ok(name, "No webhook came yet; the shop was linked a moment ago.", where=where)
    text = "No webhook came lately, so orders come with the poll, minutes later."
    remedy = "If it sells: in Partner Center, Manage Webhook, set the Webhook URL and the topic Order Status Change."
    return warn(name, text, remedy, where=where)


def _waiting(standing: ShopStanding) -> Finding:
    name, where = "shop.waiting", standing.shop.id
    parked, refused, unmapped = standing.orders.parked, standing.stock.parked, standing.unmapped
    text = (
        f"{parked} orders parked, {unmapped} of {standing.skus} SKUs not mapped, {refused} products refused by TikTok."
    )
    commands = {"orders parked": parked, "catalog unmapped": unmapped, "inventory parked": refused}
    remedy = " and ".join(f"tiktok-odoo {command}" for command, count in commands.items() if count)
    return warn(name, text, f"See {remedy}", where=where) if remedy else ok(name, text, where=where)
