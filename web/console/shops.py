"""``/console/shops/<shop>``: how one shop is synchronised, and the buttons that have something done now."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import BooleanField, DateTimeLocalField
from wtforms.validators import InputRequired

from web.console.parts import note, operator, runtime, send, trigger
from worker.state.catalog import ask_catalog_counts
from worker.state.problems import shop_scopes
from worker.state.progress import Progress, Work, WorkKind
from worker.state.shops import Shop
from worker.sync import shop_settings
from worker.sync.shop_settings import Changed

blueprint = Blueprint("console_shops", __name__, url_prefix="/console/shops")

#: How browsers send dates with a time.
MOMENTS = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"]
_TITLES: dict[WorkKind, str] = {
    "orders": "Sync orders",
    "catalog": "Sync product catalogue",
    "compare": "Compare stock",
    "push": "Push stock",
    "reconcile": "Reconcile stock",
}


class SyncForm(FlaskForm):
    """*Sync orders* from a date."""

    since = DateTimeLocalField("Changed since (UTC)", [InputRequired("Give a date.")], format=MOMENTS)
    force = BooleanField("Also orders that the settings leave out, or that somebody deleted in Odoo")


@dataclass(frozen=True)
class Line:
    """One piece of long work, for people. ``total`` is 0 while nobody knows how much there is."""

    title: str
    text: str
    remedy: str = ""
    tone: str = "quiet"
    done: int = 0
    total: int = 0
    under_way: bool = False


def find_shop(shop_id: str) -> Shop:
    """The shop of a page's address; a page that says so when there is none."""
    found = runtime().shops.find(shop_id)
    if found is None:
        abort(404, "There is no such shop; it may have been removed.")
    return found


def set_off(shop_id: str, done: Changed) -> None:
    """Tell workers what became due."""
    for kind in done.due:
        trigger(kind, shop_id)


@blueprint.get("/<shop_id>")
def shop(shop_id: str) -> ResponseReturnValue:
    """All of one shop at a glance; only Redis is asked."""
    return _shop_page(find_shop(shop_id), SyncForm(formdata=None))


def _shop_page(found: Shop, form: SyncForm, status: int = 200) -> ResponseReturnValue:
    parts = runtime()
    polled = parts.cursors.last_poll(found.id)
    with parts.redis.pipeline(transaction=False) as pipe:
        ask_catalog_counts(pipe, found.id)
        skus, unmapped = pipe.execute()
    scopes = shop_scopes(found.id)
    return render_template(
        "console/shops/shop.html",
        shop=found,
        account=next((each for each in parts.accounts.all() if each.id == found.account_id), None),
        problems=[each for each in parts.problems.all() if each.scope in scopes],
        counts=parts.queue(found.id).counts(),
        polled=None if polled is None else datetime.fromtimestamp(polled, UTC),
        pulled=parts.catalog(found.id).pulled(),
        skus=skus,
        unmapped=unmapped,
        refused=parts.inventory_queue(found.id).count_parked(),
        reconciled=parts.inventory(found.id).reconciled(),
        form=form,
        work=work_part(found.id, ("orders", "catalog")),
    ), status


# What is under way


def work_part(shop_id: str, kinds: Sequence[WorkKind]) -> Markup:
    """How long work of these kinds comes on, as a part of a page that is live while something is under way."""
    lines = work_lines(shop_id, kinds)
    digest = hashlib.sha256(repr(lines).encode()).hexdigest()[:12]
    again = url_for("console_shops.work", shop_id=shop_id, kinds=",".join(kinds), seen=digest)
    return Markup(render_template("console/shops/work.html", lines=lines, again=again))  # noqa: S704 - our own page


def work_lines(shop_id: str, kinds: Sequence[WorkKind]) -> list[Line]:
    """How each work of today stands."""
    known = Progress(runtime().redis, shop_id).all()
    lines = [_line(kind, known[kind]) for kind in kinds if kind in known and kind != "push"]
    if "catalog" in kinds and (left := runtime().product_queue(shop_id).at_work_count()):
        lines.append(Line("Product catalogue", f"{left:,} products to look at", tone="busy", under_way=True))
    if "push" in kinds:
        lines += _push_lines(shop_id, known.get("push"))
    return lines


def _line(kind: WorkKind, work: Work) -> Line:
    if work.lost:
        return Line(
            _TITLES[kind], "It has not moved for minutes.", "Are workers running? Press the button again.", "bad"
        )
    if work.state == "asked":
        return Line(_TITLES[kind], "waits for a worker …", tone="busy", under_way=True)
    if work.state == "running":
        what = "orders" if kind == "orders" else "products"
        text = f"{work.done:,} of {work.total:,} {what}" if work.total else f"{work.done:,} {what} so far"
        if read_to := work.options.get("read_to"):
            text += f", read up to {datetime.fromisoformat(read_to):%Y-%m-%d %H:%M} UTC"
        return Line(_TITLES[kind], text, tone="busy", done=work.done, total=work.total, under_way=True)
    at = f"{work.moved:%Y-%m-%d %H:%M} UTC"
    tone = "bad" if work.state == "failed" else "good"
    return Line(_TITLES[kind], f"{work.message} ({at})", work.remedy, tone)


def _push_lines(shop_id: str, asked: Work | None) -> list[Line]:
    """Products whose stock is to be pushed: a pushed button makes all of them due at once, and workers count down."""
    queue = runtime().inventory_queue(shop_id)
    left = queue.at_work_count()
    total = int(asked.options.get("products", "0")) if asked is not None else 0
    if not left and not (asked is not None and asked.under_way):
        return []
    if not left:
        return [
            Line("Push stock", f"{total:,} products are pushed; TikTok refused {queue.count_parked():,}.", tone="good")
        ]
    text = f"{left:,} of {total:,} products to go" if total >= left else f"{left:,} products to go"
    return [Line("Push stock", text, tone="busy", done=max(0, total - left), total=total, under_way=True)]


@blueprint.get("/<shop_id>/work")
def work(shop_id: str) -> ResponseReturnValue:
    """The part anew: nothing when it is as it was; the whole page when all is done, since it shows results."""
    kinds = [kind for kind in _TITLES if kind in request.args.get("kinds", "").split(",")]
    found = find_shop(shop_id)
    lines = work_lines(found.id, kinds)
    if not any(line.under_way for line in lines):
        return Response(status=204, headers={"HX-Refresh": "true"})
    part = work_part(found.id, kinds)
    seen = request.args.get("seen", "")
    return Response(status=204) if seen and f"seen={seen}" in part else part


# Buttons


@blueprint.post("/<shop_id>/switch")
def switch(shop_id: str) -> ResponseReturnValue:
    """Switch its synchronisation on or off."""
    found, enabled = find_shop(shop_id), request.form.get("on") == "yes"
    done = shop_settings.switch_shop(runtime(), found.id, enabled, by=operator().name)
    set_off(found.id, done)
    flash(" ".join([f"{found.name} is switched {'on' if enabled else 'off'}.", *done.follows]), "done")
    return redirect(url_for(".shop", shop_id=found.id), 303)


@blueprint.get("/<shop_id>/remove")
def ask_to_remove(shop_id: str) -> ResponseReturnValue:
    """Ask first, and say what stays."""
    return render_template("console/shops/remove.html", shop=find_shop(shop_id))


@blueprint.post("/<shop_id>/remove")
def remove(shop_id: str) -> ResponseReturnValue:
    """Remove the shop with its queues."""
    found = shop_settings.take_out_shop(runtime(), find_shop(shop_id).id, by=operator().name)
    flash(f"{found.name} is removed.", "done")
    return redirect(url_for("console_accounts.accounts"), 303)


@blueprint.post("/<shop_id>/poll")
def poll(shop_id: str) -> ResponseReturnValue:
    """*Sync orders*: read what changed since the last time."""
    found = find_shop(shop_id)
    note("order.sync", found.id, "since the last poll")
    send("orders.poll", found.id)
    flash(f"A worker reads the order list of {found.name} now.", "done")
    return redirect(url_for(".shop", shop_id=found.id), 303)


@blueprint.post("/<shop_id>/sync")
def sync(shop_id: str) -> ResponseReturnValue:
    """*Sync orders* from a date."""
    found, form = find_shop(shop_id), SyncForm()
    if not form.validate() or form.since.data is None:
        return _shop_page(found, form, 400)
    since = form.since.data.replace(tzinfo=UTC)
    options = {"since": since.isoformat(), "force": "yes" if form.force.data else "no"}
    if Progress(runtime().redis, found.id).ask("orders", by=operator().name, **options) is None:
        flash("That is under way already; wait until it is done.", "failed")
    else:
        forced = ", forced" if form.force.data else ""
        note("order.sync", found.id, f"since {since:%Y-%m-%d %H:%M:%S} UTC{forced}")
        send("orders.sync_since", found.id)
        flash(f"A worker reads the order list of {found.name} now.", "done")
    return redirect(url_for(".shop", shop_id=found.id), 303)


@blueprint.post("/<shop_id>/pull")
def pull(shop_id: str) -> ResponseReturnValue:
    """*Sync product catalogue*."""
    found = find_shop(shop_id)
    if Progress(runtime().redis, found.id).ask("catalog", by=operator().name) is None:
        flash("That is under way already; wait until it is done.", "failed")
    else:
        note("catalog.pull", found.id)
        send("catalog.pull", found.id)
        flash(f"A worker reads the products of {found.name} now.", "done")
    return redirect(url_for(".shop", shop_id=found.id), 303)
