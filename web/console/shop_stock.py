"""``/console/shops/<shop>/stock``: what a push of all stock would change, the agreement to it, and the comparison."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.console.parts import note, operator, runtime, send
from web.console.shops import find_shop, set_off, work_part
from worker.errors import ConfigurationError
from worker.state.progress import Progress, Work
from worker.state.shops import Shop
from worker.state.stock_plan import CHANGES_KEPT, StockPlan, StockPlans
from worker.sync import shop_settings

blueprint = Blueprint("console_shop_stock", __name__, url_prefix="/console/shops/<shop_id>/stock")


@blueprint.get("")
def stock(shop_id: str) -> ResponseReturnValue:
    """How the shop's stock stands, and what a push would change."""
    found, parts = find_shop(shop_id), runtime()
    plan = StockPlans(parts.redis).get(found.id)
    queue = parts.inventory_queue(found.id)
    return render_template(
        "console/shops/stock.html",
        shop=found,
        plan=plan,
        fits=plan is not None and _fits(found, plan),
        most=CHANGES_KEPT,
        places={each.id: each.name or each.id for each in parts.inventory(found.id).warehouses()},
        refused=queue.count_parked(),
        due=queue.open_count() - queue.count_parked(),
        reconciled=parts.inventory(found.id).reconciled(),
        work=work_part(found.id, ("compare", "push", "reconcile")),
    )


def _fits(shop: Shop, plan: StockPlan) -> bool:
    """Whether the plan was computed with the settings as they are now."""
    return plan.settings == shop_settings.fingerprint(shop.settings)


def _back(shop: Shop) -> ResponseReturnValue:
    return redirect(url_for(".stock", shop_id=shop.id), 303)


@blueprint.post("/compare")
def compare(shop_id: str) -> ResponseReturnValue:
    """Have computed what a push would change; changes nothing."""
    found = find_shop(shop_id)
    if Progress(runtime().redis, found.id).ask("compare", by=operator().name) is None:
        flash("A comparison is under way already.", "failed")
    else:
        StockPlans(runtime().redis).drop(found.id)
        note("inventory.compare", found.id)
        send("inventory.plan", found.id)
        flash(f"A worker compares all stock of {found.name} now. Nothing is changed.", "done")
    return _back(found)


@blueprint.post("/push")
def push(shop_id: str) -> ResponseReturnValue:
    """*Push this to TikTok*: agree to the plan that the operator has seen.

    :raises ConfigurationError: it is too old, or pushing is switched off.
    """
    found, plans = find_shop(shop_id), StockPlans(runtime().redis)
    plan = plans.get(found.id)
    if plan is None or plan.id != request.form.get("plan") or not _fits(found, plan):
        raise ConfigurationError(
            "What you looked at is too old, or the settings were changed since; nothing was pushed.",
            remedy="Compare again, and look at what would change now.",
        )
    done = shop_settings.agree_to_push(runtime(), found.id, by=operator().name)
    plans.drop(found.id)
    products = runtime().inventory_queue(found.id).at_work_count()
    Progress(runtime().redis, found.id).keep("push", Work(by=operator().name, options={"products": str(products)}))
    set_off(found.id, done)
    flash("All stock is pushed now. From now on changes in Odoo are pushed by themselves.", "done")
    return _back(found)


@blueprint.post("/mode")
def mode(shop_id: str) -> ResponseReturnValue:
    """Switch pushing off, or have it wait for somebody's agreement. It is switched on by agreeing to a plan."""
    found = find_shop(shop_id)
    chosen = "off" if request.form.get("mode") == "off" else "ask"
    done = shop_settings.change_settings(runtime(), found.id, {"push_stock": chosen}, by=operator().name)
    set_off(found.id, done)
    now = "not pushed any more" if chosen == "off" else "pushed once somebody has looked at what would change"
    flash(f"Stock of {found.name} is {now}. What TikTok shows stays as it is.", "done")
    return _back(found)


@blueprint.post("/reconcile")
def reconcile(shop_id: str) -> ResponseReturnValue:
    """Compare all stock, and push again what drifted apart."""
    found = find_shop(shop_id)
    if Progress(runtime().redis, found.id).ask("reconcile", by=operator().name) is None:
        flash("A comparison is under way already.", "failed")
    else:
        note("inventory.reconcile", found.id)
        send("inventory.reconcile", found.id)
        flash(f"A worker compares all stock of {found.name} now.", "done")
    return _back(found)
