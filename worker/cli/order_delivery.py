"""The part of ``tiktok-odoo orders show`` that tells an order's parcels, request to cancel, returns and settlement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from worker.odoo.deliveries import Delivery
from worker.state.payouts import PayoutTransaction
from worker.sync.delivery_live import LiveDelivery, delivery_address
from worker.sync.delivery_view import OrderDelivery
from worker.sync.runtime import Runtime

_TIME = "%Y-%m-%d %H:%M"
_STATES = {"to_ship": "to be shipped", "arranged": "shipping is arranged", "left": "the carrier has it"}
_LABELS = {"attached": "label attached", "missing": "no label yet", "none": "no label of TikTok's"}


def delivery_document(known: OrderDelivery, settled: Sequence[PayoutTransaction]) -> dict[str, Any]:
    """What is known of delivery and settlement, for programs."""
    return {
        "delivery": {
            "parked": known.parked.model_dump(mode="json") if known.parked else None,
            "cancel_request": known.request.model_dump(mode="json") if known.request else None,
            "returns": [each.model_dump(mode="json") for each in known.returns],
        },
        "settlement": [each.model_dump(mode="json") for each in settled],
    }


def parcels_document(runtime: Runtime, live: LiveDelivery) -> dict[str, Any]:
    """What both sides say now, for programs."""
    return {
        "status_on_tiktok": live.status,
        "parcels": [
            {
                "package": each.id or None,
                "units": each.units,
                "state": each.state,
                "carrier": each.carrier or None,
                "tracking": each.tracking or None,
                "label": each.label,
                "delivery": _delivery(runtime, each.delivery) if each.delivery else None,
            }
            for each in live.parcels
        ],
        "other_deliveries": [_delivery(runtime, each) for each in live.loose],
    }


def _delivery(runtime: Runtime, delivery: Delivery) -> dict[str, str]:
    return {"name": delivery.name, "state": delivery.state, "url": delivery_address(runtime, delivery.id)}


def print_delivery(known: OrderDelivery, settled: Sequence[PayoutTransaction]) -> None:
    """What is known of delivery and settlement, for people; nothing where there is nothing to say."""
    if known.request is not None:
        by = f", answer by {known.request.respond_by:{_TIME}} UTC" if known.request.respond_by else ""
        reason = f", reason: {known.request.reason}" if known.request.reason else ""
        click.secho(f"  The buyer asks to cancel{by}{reason}.", fg="red")
        click.echo("  What to do: Approve or reject it in Seller Center.")
    if known.parked is not None:
        click.secho(f"  Delivery: {known.parked.code}: {known.parked.message}", fg="red")
        click.echo(f"  What to do: {known.parked.remedy}")
    for each in known.returns:
        amount = f", {each.amount} {each.currency}" if each.amount is not None else ""
        receipt = f", receipt {each.receipt}" if each.receipt else ""
        click.echo(f"  Return {each.id}: {each.type}, {each.status}, units {each.units}{amount}{receipt}")
    for paid in settled:
        click.echo(f"  Settled {paid.settlement} {paid.currency} in statement {paid.statement_id}")


def print_parcels(live: LiveDelivery) -> None:
    """What both sides say now, for people."""
    for each in live.parcels:
        words = [f"  Package {each.id or 'none yet'}: {_STATES[each.state]}", f"units {each.units}"]
        words += [f"{each.carrier} {each.tracking}".strip()] if each.carrier or each.tracking else []
        words.append(
            f"delivery {each.delivery.name} ({each.delivery.state})" if each.delivery else "no delivery in Odoo"
        )
        if each.state != "to_ship":
            words.append(_LABELS[each.label])
        click.echo(", ".join(words))
