"""``/console/shops/<shop>/settings``: everything that can be chosen for a shop, by the names that Odoo uses."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from web.console.parts import operator, outside, runtime
from web.console.shop_forms import Names, SettingsForm, read_names, settings_form
from web.console.shops import find_shop, set_off
from worker.errors import ConnectorError
from worker.state.shops import Shop
from worker.sync.shop_settings import RECORDS, change_settings

blueprint = Blueprint("console_shop_settings", __name__, url_prefix="/console/shops/<shop_id>/settings")

_KINDS = [kind for kind in dict.fromkeys(RECORDS.values()) if kind != "default_product"]


@blueprint.get("")
def settings(shop_id: str) -> ResponseReturnValue:
    """The form."""
    found = find_shop(shop_id)
    return _page(found, settings_form(found.settings))


def _page(
    shop: Shop, form: SettingsForm, status: int = 200, error: ConnectorError | None = None
) -> ResponseReturnValue:
    names = Names()
    try:
        with outside():
            names = read_names(runtime().odoo, _KINDS, product_id=shop.settings.default_product_id)
    except ConnectorError as busy:
        names.away = str(busy)
    form.offer(shop.settings, names)
    return render_template(
        "console/shops/settings.html", shop=shop, form=form, names=names, error=error, records=RECORDS
    ), status


@blueprint.post("")
def save(shop_id: str) -> ResponseReturnValue:
    """Save what was changed, and say what follows from it."""
    found, form = find_shop(shop_id), SettingsForm()
    form.offer(found.settings, Names())
    if not form.validate():
        return _page(found, form, 400)
    try:
        with outside():
            changes = form.changes(found.settings, runtime().odoo)
            done = change_settings(
                runtime(), found.id, changes, by=operator().name, seen=str(form.seen.data or "unknown")
            )
    except ConnectorError as error:
        return _page(found, form, 409, error)
    set_off(found.id, done)
    if done.names:
        flash(" ".join([f"Saved: {form.labels(done.names)}.", *done.follows]), "done")
    else:
        flash("Nothing was changed.", "note")
    return redirect(url_for(".settings", shop_id=found.id), 303)
