"""``/console/shops/<shop>/warehouses``: the shop's warehouses on TikTok, and whose stock of Odoo each shows."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from web.console.parts import note, operator, outside, runtime
from web.console.shop_forms import Names, choices, read_names, record_field, records_field
from web.console.shops import find_shop, set_off
from worker.errors import ConfigurationError, ConnectorError
from worker.state.inventory import KnownWarehouse
from worker.state.shops import Feed, Shop
from worker.sync.inventory_plan import known_warehouses
from worker.sync.inventory_targets import feeds_of
from worker.sync.shop_settings import feed_warehouse

blueprint = Blueprint("console_shop_warehouses", __name__, url_prefix="/console/shops/<shop_id>/warehouses")


class FeedForm(FlaskForm):
    """Whose stock one warehouse of TikTok shows."""

    warehouses = records_field("Odoo warehouses")
    location = record_field("Or one Odoo location")


@blueprint.get("")
def warehouses(shop_id: str) -> ResponseReturnValue:
    """Every sales warehouse with a form of its own. TikTok is asked when its warehouses are not known yet."""
    found = find_shop(shop_id)
    names, error, places = Names(), "", []
    try:
        with outside():
            places = known_warehouses(runtime(), found, runtime().shop_client(found))
            names = read_names(runtime().odoo, ["warehouse", "stock_location"])
    except ConnectorError as failure:
        error = str(failure)
    sales = [each for each in places if each.for_sales]
    return render_template(
        "console/shops/warehouses.html",
        shop=found,
        rows=[(each, _shows(found, each, names), _form(found, each, names)) for each in sales],
        names=names,
        error=error,
    )


def _form(shop: Shop, place: KnownWarehouse, names: Names) -> FeedForm:
    feed = shop.settings.warehouse_feeds.get(place.id, Feed())
    data = {"warehouses": feed.warehouse_ids, "location": feed.location_id}
    form = FeedForm(formdata=None, data=data, prefix=f"w{place.id}-")
    form.warehouses.choices = choices(names, "warehouse", feed.warehouse_ids)
    form.location.choices = choices(names, "stock_location", [feed.location_id], empty="none")
    return form


def _shows(shop: Shop, place: KnownWarehouse, names: Names) -> str:
    """Whose stock it shows now, in words."""
    feeds = feeds_of(shop.settings)
    source = feeds.by_warehouse.get(place.id, feeds.default if place.is_default else None)
    if source is None:
        return "nothing"
    if source.location_id is not None:
        return f"location {_name(names, 'stock_location', source.location_id)}"
    return (
        ", ".join(_name(names, "warehouse", each) for each in source.warehouse_ids) or "all warehouses of the company"
    )


def _name(names: Names, kind: str, one: int) -> str:
    return next((record.name for record in names.records.get(kind, []) if record.id == one), str(one))


@blueprint.post("/refresh")
def refresh(shop_id: str) -> ResponseReturnValue:
    """Ask TikTok for its warehouses anew."""
    found = find_shop(shop_id)
    known = runtime().inventory(found.id).warehouses()
    runtime().inventory(found.id).keep_warehouses([])
    try:
        with outside():
            places = known_warehouses(runtime(), found, runtime().shop_client(found))
    except ConnectorError:
        runtime().inventory(found.id).keep_warehouses(known)
        raise
    note("shop.warehouses", found.id)
    flash(f"TikTok has {sum(1 for each in places if each.for_sales)} sales warehouses of {found.name}.", "done")
    return redirect(url_for(".warehouses", shop_id=found.id), 303)


@blueprint.post("/<warehouse_id>")
def feed(shop_id: str, warehouse_id: str) -> ResponseReturnValue:
    """Choose whose stock it shows; nothing chosen: it is not fed by itself.

    :raises ConfigurationError: both warehouses and a location are chosen, or the same stock would be for sale twice.
    """
    found, form = find_shop(shop_id), FeedForm(prefix=f"w{warehouse_id}-")
    form.warehouses.choices, form.location.choices = [], []
    if not form.validate():
        raise ConfigurationError("This is no choice of warehouses.", remedy="Reload the page and choose again.")
    chosen = Feed(warehouse_ids=form.warehouses.data or [], location_id=form.location.data)
    if chosen.warehouse_ids and chosen.location_id is not None:
        raise ConfigurationError(
            "One warehouse of TikTok shows the stock of warehouses or of one location, not of both.",
            remedy="Choose one of the two.",
        )
    with outside():
        wanted = chosen if chosen.warehouse_ids or chosen.location_id is not None else None
        done = feed_warehouse(runtime(), found.id, warehouse_id, wanted, by=operator().name)
    set_off(found.id, done)
    flash(" ".join(done.follows), "done")
    return redirect(url_for(".warehouses", shop_id=found.id), 303)
