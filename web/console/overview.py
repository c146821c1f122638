"""``/console/``: is all well? What is not, why, and where it is put right."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.console.parts import runtime
from worker.sync.health import Finding, Place, overview

blueprint = Blueprint("console_overview", __name__, url_prefix="/console")


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """The whole at a glance; before there is an account, the set-up guide."""
    health = overview(runtime())
    if not health.accounts and not any(finding.where == "accounts" for finding in health.findings):
        return redirect(url_for("console_guide.guide"), 303)
    polled = {
        each.shop.id: datetime.fromtimestamp(each.last_poll, UTC) for each in health.standing.shops if each.last_poll
    }
    template = "console/overview/live.html" if "HX-Request" in request.headers else "console/overview/overview.html"
    return render_template(template, health=health, standing=health.standing, polled=polled, place_of=place_of)


#: The page on which a finding is put right, by its kind, and what that page calls the finding's target.
_PAGES: dict[Place, tuple[str, str]] = {
    "account": ("console_accounts.account", "account_id"),
    "shop": ("console_shops.shop", "shop_id"),
    "parked": ("console_parked.parked", ""),
    "stock": ("console_products.refused", "shop"),
    "products": ("console_products.unmapped", "shop"),
    "deliveries": ("console_deliveries.deliveries", "shop"),
    "health": ("console_health.health", ""),
}


def place_of(finding: Finding) -> str:
    """The address of the page on which the finding is put right."""
    endpoint, argument = _PAGES[finding.place]
    values: dict[str, Any] = {argument: finding.target} if argument else {}
    return url_for(endpoint, **values)
