"""``/console/payouts``: TikTok's payout statements, whether they add up, and what is in them."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.console.parts import chosen_shop, note, runtime, send
from worker.state.payouts import PayoutStatement, PayoutTransaction
from worker.state.shops import Shop
from worker.sync.payout_file import as_csv

blueprint = Blueprint("console_payouts", __name__, url_prefix="/console/payouts")

#: Statements of each shop that the page shows: two months.
_SHOWN = 60
#: Transactions that a statement's page shows; the file has them all.
_ROWS = 500


@blueprint.app_template_global("settlement_of")
def settlement_of(shop_id: str, order_id: str) -> list[PayoutTransaction]:
    """What is known of an order's settlement, for its own page."""
    return runtime().payouts(shop_id).of_orders([order_id]).get(order_id, [])


@blueprint.get("")
def payouts() -> ResponseReturnValue:
    """The newest statements of one shop or of all."""
    shop = chosen_shop()
    shops = runtime().shops.all()
    found = [
        (each, statement)
        for each in ([shop] if shop else shops)
        for statement in runtime().payouts(each.id).latest(_SHOWN)
    ]
    found.sort(key=lambda row: row[1].time, reverse=True)
    return render_template("console/payouts/payouts.html", found=found, shop=shop, shops=shops)


@blueprint.get("/<shop_id>/<statement_id>")
def statement(shop_id: str, statement_id: str) -> ResponseReturnValue:
    """One statement with its transactions."""
    shop, found = _found(shop_id, statement_id)
    transactions = runtime().payouts(shop.id).transactions(found.id)
    return render_template(
        "console/payouts/statement.html", shop=shop, statement=found, rows=transactions[:_ROWS], all=len(transactions)
    )


@blueprint.get("/<shop_id>/<statement_id>.csv")
def download(shop_id: str, statement_id: str) -> ResponseReturnValue:
    """The statement's transactions as a file."""
    shop, found = _found(shop_id, statement_id)
    text = as_csv(runtime().payouts(shop.id).transactions(found.id))
    headers = {"Content-Disposition": f'attachment; filename="statement-{found.id}.csv"'}
    return Response(text, mimetype="text/csv", headers=headers)


@blueprint.post("/pull")
def pull() -> ResponseReturnValue:
    """Have a worker read the statements of one shop (``shop``) or of all now."""
    shop_id = request.form.get("shop", "")
    shops = [runtime().shops.get(shop_id)] if shop_id else runtime().shops.all()
    for shop in shops:
        note("payouts.pull", shop.id)
        send("finance.pull", shop.id)
    flash("A worker reads the statements now. They appear here.", "done")
    return redirect(url_for(".payouts", shop=shop_id or None), 303)


def _found(shop_id: str, statement_id: str) -> tuple[Shop, PayoutStatement]:
    shop = runtime().shops.find(shop_id)
    found = runtime().payouts(shop_id).find(statement_id) if shop is not None else None
    if shop is None or found is None:
        abort(404, "There is no such statement, or it is no longer kept.")
    return shop, found
