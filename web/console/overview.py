"""``/console/``: is all well? What is not, why, and where it is put right."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.console.parts import runtime
from worker.sync.health import Finding, overview

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


def place_of(finding: Finding) -> str:
    """The address of the page on which the finding is put right."""
    match finding.place:
        case "account":
            return url_for("console_accounts.account", account_id=finding.target)
        case "shop":
            return url_for("console_shops.shop", shop_id=finding.target)
        case "parked":
            return url_for("console_parked.parked")
        case "stock":
            return url_for("console_products.refused", shop=finding.target)
        case "products":
            return url_for("console_products.unmapped", shop=finding.target)
        case "health":
            return url_for("console_health.health")
