"""Sets up the template database as a merchant would: bot user, currencies, pricelists, tax, fee products, carrier.

Its source is fed to ``odoo shell``, which runs it inside Odoo: import nothing of the project here.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

BOT_LOGIN = "tiktok-bot"
BOT_GROUPS = ("base.group_user", "sales_team.group_sale_salesman_all_leads", "base.group_partner_manager")
CURRENCIES = ("USD", "EUR", "GBP", "IDR", "JPY", "VND", "THB")
FEE_PRODUCTS = {
    "TIKTOK-SHIPPING": "TikTok shipping fee",
    "TIKTOK-FEE": "TikTok fee",
    "TIKTOK-TAX": "TikTok tax",
}
UNKNOWN_PRODUCT = "TIKTOK-UNKNOWN"


def provision(env: Any, credentials_file: str) -> None:
    """Make everything, and add the bot's API key to ``credentials_file`` (JSON with both passwords).

    :param env: Odoo's environment of the superuser.
    """
    path = pathlib.Path(credentials_file)
    credentials = json.loads(path.read_text())
    admin = env.ref("base.user_admin")
    admin.write({"password": credentials["admin_password"]})
    if "tour_enabled" in admin._fields:  # the tour of a first login would click through the pages by itself
        admin.tour_enabled = False
    credentials["bot_api_key"] = _make_bot(env, credentials["bot_password"])
    _make_pricelists(env)
    _make_products(env)
    tax = env["account.tax"]
    included: dict[str, Any] = {"price_include": True}  # before Odoo 18
    if "price_include_override" in tax._fields:
        included = {"price_include_override": "tax_included"}
    tax.create({"name": "VAT 20% included", "amount": 20, "type_tax_use": "sale", **included})
    shipping = env["product.product"].search([("default_code", "=", "TIKTOK-SHIPPING")])
    env["delivery.carrier"].create({"name": "TikTok Shipping", "product_id": shipping.id})
    env["crm.team"].create({"name": "TikTok Shop"})
    env["stock.warehouse"].create({"name": "TikTok WH", "code": "TTW"})
    env.cr.commit()
    path.write_text(json.dumps(credentials))


def _make_bot(env: Any, password: str) -> str:
    users = env["res.users"]
    groups = "group_ids" if "group_ids" in users._fields else "groups_id"  # before Odoo 19
    bot = users.create(
        {
            "name": "TikTok connector",
            "login": BOT_LOGIN,
            "password": password,
            groups: [(6, 0, [env.ref(group).id for group in BOT_GROUPS])],
            # Before Odoo 19 nobody without an address may write into the chatter.
            **({"email": "tiktok-bot@example.com"} if groups == "groups_id" else {}),
        }
    )
    keys = env["res.users.apikeys"].with_user(bot).sudo()
    until = [None] if "expiration_date" in keys._fields else []  # Odoo 18 and newer
    key: str = keys._generate("rpc", "connector", *until)
    return key


def _make_pricelists(env: Any) -> None:
    currencies = env["res.currency"].with_context(active_test=False).search([("name", "in", CURRENCIES)])
    currencies.active = True
    env["product.pricelist"].create(
        [{"name": f"TikTok {each.name}", "currency_id": each.id, "company_id": False} for each in currencies]
    )


def _make_products(env: Any) -> None:
    no_taxes: list[Any] = [(6, 0, [])]
    common = {"taxes_id": no_taxes, "supplier_taxes_id": no_taxes, "invoice_policy": "order", "list_price": 0}
    env["product.product"].create(
        [{**common, "name": name, "default_code": code, "type": "service"} for code, name in FEE_PRODUCTS.items()]
        + [{**common, "name": "Unknown TikTok product", "default_code": UNKNOWN_PRODUCT, "type": "consu"}]
    )
