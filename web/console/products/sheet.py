"""The mapping as a spreadsheet: download it, upload it, see what it would change, take it over."""

from __future__ import annotations

import io
from typing import Any

from flask import flash, redirect, render_template, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from web.console.access import sessions
from web.console.parts import chosen_shop, operator, outside, runtime, trigger
from web.console.products.base import blueprint, part, shops_shown, tried_again
from worker.errors import ConfigurationError, ConnectorError
from worker.state.uploads import Upload, Uploads
from worker.sync import mapping_actions as actions
from worker.sync.mapping_import import Plan
from worker.sync.mapping_upload import MOST_BYTES, change_texts, check_bytes, export_bytes

#: Refused and changed rows that a page shows.
_SHOWN = 200
#: What a form has beside the file.
_REST_OF_FORM = 20_000
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@blueprint.url_value_preprocessor
def _let_a_file_through(endpoint: str | None, _: dict[str, Any] | None) -> None:
    """The receiver takes small bodies only. Here, and only from somebody who may, a spreadsheet is let through.

    This runs before all else, since the CSRF check already reads the form.
    """
    if endpoint == f"{blueprint.name}.upload" and request.method == "POST":
        found = sessions().operator(session.get("token", ""), extend=False)
        if found is not None and found.may_change:
            request.max_content_length = MOST_BYTES + _REST_OF_FORM


@blueprint.errorhandler(RequestEntityTooLarge)
def _too_large(_: RequestEntityTooLarge) -> ResponseReturnValue:
    page = {
        "title": "The file is too large",
        "text": f"More than {MOST_BYTES // 1_000_000} MB are not taken here. Nothing was changed.",
        "remedy": "Leave out columns that the import does not read, split the file, or import it on the server: "
        "tiktok-odoo catalog import FILE.",
    }
    return render_template("console/error.html", **page), 413


@blueprint.get("/mapping")
def spreadsheet() -> ResponseReturnValue:
    """Download and upload."""
    return render_template("console/products/spreadsheet.html", shop=chosen_shop(), shops=runtime().shops.all())


@blueprint.get("/mapping/download")
def download() -> ResponseReturnValue:
    """The mapping of one shop or of all; ``?kind=csv`` or ``xlsx``."""
    kind = "csv" if request.args.get("kind") == "csv" else "xlsx"
    shops = shops_shown()
    with outside():
        data = export_bytes(runtime(), shops, "csv" if kind == "csv" else "xlsx")
    name = f"mapping-{shops[0].id}.{kind}" if len(shops) == 1 else f"mapping.{kind}"
    return send_file(io.BytesIO(data), mimetype=_TYPES[kind], as_attachment=True, download_name=name)


@blueprint.post("/mapping")
def upload() -> ResponseReturnValue:
    """Keep the file for a quarter of an hour and go on to what it would change."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise ConfigurationError("No file was chosen.", remedy="Choose a *.xlsx or *.csv file, then press the button.")
    shop_id = request.form.get("shop", "")
    kept = Upload(file.filename, file.stream.read(), runtime().shops.get(shop_id).id if shop_id else "")
    upload_id = Uploads(runtime().redis).keep(operator().name, kept)
    return redirect(url_for(".checked", upload_id=upload_id), 303)


def _upload(upload_id: str) -> Upload:
    found = Uploads(runtime().redis).find(operator().name, upload_id)
    if found is None:
        raise ConfigurationError(
            "This upload is no longer kept: it is too old, was taken over, or you sent another one since.",
            remedy="Choose the file again.",
        )
    return found


def _plan(kept: Upload) -> Plan:
    return check_bytes(runtime(), kept.name, kept.data, kept.shop_id)


@blueprint.get("/mapping/<upload_id>")
def checked(upload_id: str) -> ResponseReturnValue:
    """An upload; what it would change is loaded by itself."""
    return render_template("console/products/checked.html", upload_id=upload_id, name=_upload(upload_id).name)


@blueprint.get("/mapping/<upload_id>/check")
def check(upload_id: str) -> ResponseReturnValue:
    """Every refused row with its reason, or what would change."""
    plan = fault = None
    texts: list[Any] = []
    try:
        kept = _upload(upload_id)
        with outside():
            plan = _plan(kept)
            texts = change_texts(plan.changes[:_SHOWN], plan.variants)
    except ConnectorError as error:
        plan, fault = None, error
    refusals = sorted(plan.refusals, key=lambda refusal: refusal.line)[:_SHOWN] if plan else []
    names = {shop.id: shop.name for shop in runtime().shops.all()}
    return part(
        "check_part",
        "What the spreadsheet would change",
        **{"upload_id": upload_id, "plan": plan, "fault": fault, "texts": texts, "refusals": refusals, "names": names},
    )


@blueprint.post("/mapping/<upload_id>/apply")
def apply(upload_id: str) -> ResponseReturnValue:
    """Check the upload once more and take it over, all of it or nothing."""
    kept, by = _upload(upload_id), operator().name
    with outside():
        plan = _plan(kept)
    if plan.refusals:
        flash(f"Rows refused since you looked: {len(plan.refusals)}. Nothing is changed.", "failed")
        return redirect(url_for(".checked", upload_id=upload_id), 303)
    done = actions.import_mapping(runtime(), plan, by=by)
    Uploads(runtime().redis).forget(by)
    for shop_id in done.catalog:
        trigger("products", shop_id)
    for shop_id in done.stock:
        trigger("inventory", shop_id)
    for shop_id in done.orders:
        trigger("orders", shop_id)
    flash(f"{len(plan.changes)} changed, {plan.unchanged} unchanged.{tried_again(done.waited)}", "done")
    return redirect(url_for(".spreadsheet"), 303)
