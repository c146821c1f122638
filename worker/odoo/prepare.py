"""What the connector needs to find in Odoo: its modules, the bot's rights, and service products for fees."""

from __future__ import annotations

from dataclasses import dataclass

from worker.errors import ConnectorError
from worker.odoo.gateway import OdooGateway, search_read
from worker.odoo.products import SERVICE_CODES
from worker.odoo.rights import may, missing_right

_NAMES = {"shipping": "TikTok Shop shipping fee", "fee": "TikTok Shop fee", "tax": "Tax collected by TikTok Shop"}
_MODELS = ("sale.order", "stock.picking", "res.partner", "product.product", "product.pricelist", "mail.activity")

_CREATED = ("sale.order", "res.partner")


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, whether it is well, and what to do when not."""

    name: str
    ok: bool
    text: str
    remedy: str = ""


def check(gateway: OdooGateway) -> list[Finding]:
    """Whether the bot user finds what it needs; asks Odoo, changes nothing."""
    findings = []
    for model in _MODELS:
        try:
            gateway.call(model, "search_count", domain=[("id", "=", 0)])
            if model in _CREATED and not may(gateway, model, "create"):
                raise missing_right(model, "create")
            findings.append(Finding(model, True, "readable and writable" if model in _CREATED else "readable"))
        except ConnectorError as error:
            findings.append(Finding(model, False, error.message, error.remedy))
            if error.code in ("odoo_login", "odoo_unavailable"):
                return findings
    for kind in missing_services(gateway):
        code = SERVICE_CODES[kind]
        findings.append(Finding(code, False, "no such service product", "Run `tiktok-odoo odoo prepare`."))
    return findings


def missing_services(gateway: OdooGateway) -> list[str]:
    """Kinds of lines whose service product Odoo does not have."""
    found = search_read(
        gateway, "product.product", [("default_code", "in", list(SERVICE_CODES.values()))], ["default_code"]
    )
    codes = {record["default_code"] for record in found}
    return [kind for kind, code in SERVICE_CODES.items() if code not in codes]


def create_services(gateway: OdooGateway) -> list[str]:
    """Create the missing service products; answers their Internal References.

    :raises OdooRejectedError: the user may not create products.
    """
    kinds = missing_services(gateway)
    if kinds:
        values = [
            {
                "name": _NAMES[kind],
                "default_code": SERVICE_CODES[kind],
                "type": "service",
                "list_price": 0,
                "taxes_id": [(6, 0, [])],
                "purchase_ok": False,
            }
            for kind in kinds
        ]
        gateway.call("product.product", "create", vals_list=values)
    return [SERVICE_CODES[kind] for kind in kinds]
