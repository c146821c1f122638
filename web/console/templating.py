"""What every template can use: filters for times, numbers and amounts, and the menu with what needs attention."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

from flask import Flask, g, request
from markupsafe import Markup, escape

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_CODE = re.compile(r"`([^`]+)`")

#: Endpoint → its word in the menu.
MENU = {
    "console_overview.home": "Overview",
    "console_orders.orders": "Orders",
    "console_parked.parked": "Parked",
    "console_deliveries.deliveries": "Deliveries",
    "console_products.products": "Products",
    "console_payouts.payouts": "Payouts",
    "console_events.events": "Events",
    "console_accounts.accounts": "Accounts",
    "console_health.health": "Health",
}
#: Endpoint → its word in the menu below the operator's name.
MORE = {
    "console_guide.guide": "Set-up guide",
    "console_audit.audit": "Audit trail",
    "access.password": "Change password",
}


def prepare(app: Flask) -> None:
    """Add the filters and the menu."""
    app.add_template_filter(when)
    app.add_template_filter(ago)
    app.add_template_filter(duration)
    app.add_template_filter(amount)
    app.add_template_filter(prose)
    app.add_template_filter(reason)
    app.context_processor(
        lambda: {
            "menu": list(MENU.items()),
            "more": list(MORE.items()),
            "menu_place": _place(),
            "me": g.get("operator"),
        }
    )


def _place() -> str:
    """The endpoint of the menu below which the present page lies; shops lie below their accounts."""
    blueprint = (request.blueprint or "").partition(".")[0]
    blueprint = "console_accounts" if blueprint.startswith("console_shop") else blueprint
    return next((endpoint for endpoint in MENU if endpoint.startswith(f"{blueprint}.")), "") if blueprint else ""


def when(moment: datetime | None) -> Markup:
    """A time as ``<time>``, in UTC, to the second; a dash when there is none."""
    if moment is None:
        return Markup("–")
    utc = moment.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        utc.isoformat(timespec="seconds"), utc.strftime("%Y-%m-%d %H:%M:%S")
    )


def ago(moment: datetime | None) -> Markup:
    """How long ago, with the exact time as a tooltip; "in …" for what is to come."""
    if moment is None:
        return Markup("never")
    seconds = (datetime.now(UTC) - moment.astimezone(UTC)).total_seconds()
    words = f"{duration(seconds)} ago" if seconds >= 0 else f"in {duration(-seconds)}"
    utc = moment.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        utc.isoformat(timespec="seconds"), f"{utc:%Y-%m-%d %H:%M:%S} UTC", words
    )


def duration(seconds: float | None) -> str:
    """Seconds as people say them: ``8 s``, ``3 min``, ``5 h``, ``12 days``."""
    if seconds is None:
        return "–"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s" if 0 < seconds < 10 else f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    if seconds < 2 * _DAY:
        return f"{seconds / _HOUR:.0f} h"
    return f"{seconds / _DAY:.0f} days"


def prose(text: str) -> Markup:
    """A sentence of ours for people; what stands between backticks is code."""
    words, code = _CODE.split(text)[::2], _CODE.findall(text)
    marked = [*(Markup("<code>{}</code>").format(each) for each in code), Markup("")]
    return Markup("").join(part for pair in zip(words, marked, strict=True) for part in pair)


def reason(code: str) -> str:
    """TikTok's code of why a buyer asks, in words: of ``ecom_order_to_ship_canceled_reason_no_longer_needed`` the end.

    The code is all that is kept of a request: TikTok's text beside it may be the buyer's own.
    """
    return code.rpartition("_reason_")[2].replace("_", " ").lower()


def amount(value: Decimal | None, currency: str = "") -> Markup:
    """Money with its currency, as it is: nothing is rounded."""
    if value is None:
        return Markup("–")
    return escape(f"{value:,} {currency}".strip())
