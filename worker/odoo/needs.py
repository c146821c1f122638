"""What the connector uses of Odoo: modules and rights; and what may be asked about the bot user itself."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from worker.errors import ConnectorError
from worker.odoo.errors import OdooRejectedError
from worker.odoo.gateway import OdooGateway, search_read
from worker.odoo.rights import may

#: Every operation on every model that orders, stock and warnings need.
RIGHTS: dict[str, tuple[str, ...]] = {
    "sale.order": ("read", "create", "write"),
    "sale.order.line": ("read", "create", "write"),
    "res.partner": ("read", "create", "write"),
    "product.product": ("read",),
    "product.template": ("read",),
    "product.pricelist": ("read",),
    "stock.picking": ("read", "create", "write"),
    "stock.move": ("read", "create", "write"),
    "ir.attachment": ("read", "create"),
    "stock.quant": ("read",),
    "stock.warehouse": ("read",),
    "stock.location": ("read",),
    "account.tax": ("read",),
    "crm.team": ("read",),
    "res.company": ("read",),
    "res.country": ("read",),
    "res.country.state": ("read",),
    "mail.activity": ("read", "create", "write"),
}
#: The same by optional module.
OPTIONAL_RIGHTS: dict[str, dict[str, tuple[str, ...]]] = {
    "delivery": {"delivery.carrier": ("read",)},
    "mrp": {"mrp.bom": ("read",), "mrp.bom.line": ("read",)},
}
#: What booking payouts needs besides, by the shop setting ``payouts``.
PAYOUT_RIGHTS: dict[str, dict[str, tuple[str, ...]]] = {
    "bill": {"account.move": ("create",)},
    "bank": {"account.bank.statement.line": ("create",), "account.journal": ("read",)},
}
#: What creating products needs besides; only for shops that are allowed to.
CREATION_RIGHTS: dict[str, tuple[str, ...]] = {
    "product.product": ("create",),
    "product.template": ("create",),
    "product.attribute": ("create",),
    "product.attribute.value": ("create",),
    "product.template.attribute.line": ("create", "write"),
    "product.template.attribute.value": ("write",),
}

#: Modules without which nothing works, and those that add something.
_NEEDED_MODULES = ("sale", "stock", "sale_stock")
_OPTIONAL_MODULES = ("stock_delivery", "mrp", "sale_mrp")

_API_KEY = re.compile(r"[0-9a-f]{40}")
_ADMINISTRATORS = ("base.group_system", "base.group_erp_manager")
_ALL_ORDERS = "sales_team.group_sale_salesman_all_leads"


@dataclass(frozen=True)
class ApiKey:
    """An API key of the bot user; Odoo does not tell the key itself. ``ends_at``: ``None`` for one without an end."""

    name: str
    ends_at: datetime | None


def installed_modules(gateway: OdooGateway) -> set[str] | None:
    """Which of the modules that matter are installed; ``None`` where the bot may not ask (in Odoo 19 it may)."""
    wanted = [*_NEEDED_MODULES, *_OPTIONAL_MODULES, "delivery"]
    domain = [("name", "in", wanted), ("state", "=", "installed")]
    try:
        return {str(each["name"]) for each in search_read(gateway, "ir.module.module", domain, ["name"])}
    except OdooRejectedError:
        return None


def missing_modules(installed: set[str]) -> list[str]:
    """Those without which nothing works."""
    return [name for name in _NEEDED_MODULES if name not in installed]


def missing_rights(
    gateway: OdooGateway, installed: set[str], *, creates_products: bool = False, payouts: Collection[str] = ()
) -> list[str]:
    """What the bot user may not do and must, as ``create sale.order``.

    :param payouts: how shops book payouts: their settings of that name.
    """
    wanted = [RIGHTS, *(rights for module, rights in OPTIONAL_RIGHTS.items() if module in installed)]
    if creates_products:
        wanted.append(CREATION_RIGHTS)
    wanted += [PAYOUT_RIGHTS[each] for each in sorted(PAYOUT_RIGHTS.keys() & set(payouts))]
    pairs = [
        (model, operation) for rights in wanted for model, operations in rights.items() for operation in operations
    ]
    return [f"{operation} {model}" for model, operation in pairs if not _may(gateway, model, operation)]


def _may(gateway: OdooGateway, model: str, operation: str) -> bool:
    try:
        return may(gateway, model, operation)
    except OdooRejectedError:  # Odoo does not know the model: a module is missing, or it is another version
        return False


def user_id(gateway: OdooGateway, login: str) -> int | None:
    """The id of the user who logs in as ``login``; ``None`` when there is none that is active."""
    found = search_read(gateway, "res.users", [("login", "=", login)], ["id"], limit=1)
    return int(found[0]["id"]) if found else None


def email_of(gateway: OdooGateway, user: int) -> str:
    """The user's e-mail address; empty without one."""
    (record,) = gateway.call("res.users", "read", ids=[user], fields=["email"])
    return str(record["email"] or "")


def is_administrator(gateway: OdooGateway, user: int) -> bool:
    """Whether the user may change settings or other users' rights."""
    return any(_in_group(gateway, user, group) for group in _ADMINISTRATORS)


def sees_all_orders(gateway: OdooGateway, user: int) -> bool:
    """Whether the user sees sales orders of other people, too."""
    return _in_group(gateway, user, _ALL_ORDERS)


def _in_group(gateway: OdooGateway, user: int, group: str) -> bool:
    try:
        return bool(gateway.call("res.users", "has_group", ids=[user], group_ext_id=group))
    except OdooRejectedError:  # before Odoo 18 it is asked of the user who calls, and takes no ids
        return bool(gateway.call("res.users", "has_group", group_ext_id=group))


def looks_like_api_key(secret: str) -> bool:
    """Whether ``secret`` has the form of Odoo's API keys (40 hexadecimal digits, seen in Odoo 19)."""
    return bool(_API_KEY.fullmatch(secret))


def api_keys(gateway: OdooGateway, user: int) -> list[ApiKey] | None:
    """The user's API keys, the first to end first; ``None`` where the bot may not read them."""
    try:
        found = search_read(gateway, "res.users.apikeys", [("user_id", "=", user)], ["name", "expiration_date"])
    except ConnectorError:
        return None
    keys = [ApiKey(str(each["name"]), _moment(each["expiration_date"])) for each in found]
    return sorted(keys, key=lambda key: key.ends_at or datetime.max.replace(tzinfo=UTC))


def ends_first(keys: list[ApiKey]) -> tuple[str, datetime] | None:
    """Name and end of the key that ends first; Odoo does not tell which one is in use."""
    ends = [(key.name, key.ends_at) for key in keys if key.ends_at is not None]
    return ends[0] if ends else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    return datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
