"""Accounts, shops, tokens, cursors and choices as one encrypted text, so that losing Redis costs a poll and a pull."""

from __future__ import annotations

import json
from typing import Any

from worker.errors import ConfigurationError
from worker.state.accounts import Account
from worker.state.catalog import Choice
from worker.state.fulfillment import ReturnSeen
from worker.state.ignored import IgnoredOrder
from worker.state.operators import Operator, Operators
from worker.state.shops import Shop
from worker.sync.runtime import Runtime
from worker.tiktok.models import TokenGrant

_FORMAT = 1
#: The returns of a shop that changed last. Without them each state would be noted in Odoo once more.
_MOST_RETURNS = 10_000


def export_state(runtime: Runtime) -> str:
    """Everything that cannot be read again from TikTok or Odoo, encrypted with the first of ``SECRET_KEYS``."""
    accounts = runtime.accounts.all()
    shops = runtime.shops.all()
    state = {
        "format": _FORMAT,
        "operators": [operator.model_dump(mode="json") for operator in Operators(runtime.redis).all()],
        "accounts": [account.model_dump(mode="json") for account in accounts],
        "tokens": {
            account.id: grant.model_dump(mode="json")
            for account in accounts
            if (grant := runtime.tiktok.tokens.load(account.id)) is not None
        },
        "shops": [shop.model_dump(mode="json") for shop in shops],
        "unsettled": {shop.id: runtime.queue(shop.id).unsettled() for shop in shops},
        "deliveries": {shop.id: _deliveries(runtime, shop.id) for shop in shops},
        "choices": {shop.id: _choices(runtime, shop.id) for shop in shops},
        "ignored": {shop.id: _ignored(runtime, shop.id) for shop in shops},
        "cursors": {shop.id: cursor for shop in shops if (cursor := runtime.cursors.get(shop.id))},
    }
    return runtime.box.encrypt(json.dumps(state))


def _choices(runtime: Runtime, shop_id: str) -> dict[str, Any]:
    choices = runtime.catalog(shop_id).choices()
    return {name: choice.model_dump(mode="json") for name, choice in choices.items()}


def _deliveries(runtime: Runtime, shop_id: str) -> dict[str, Any]:
    """Orders in Odoo that the orders' poll, which begins at its cursor, need not come by again."""
    memory = runtime.fulfillment(shop_id)
    return {
        "unsettled": runtime.fulfillment_queue(shop_id).unsettled(),
        "awaiting": memory.awaiting(),
        "returns": [seen.model_dump(mode="json") for seen in memory.returns(limit=_MOST_RETURNS)],
    }


def _ignored(runtime: Runtime, shop_id: str) -> dict[str, Any]:
    entries = runtime.queue(shop_id).ignored.all()
    return {order_id: entry.model_dump(mode="json") for order_id, entry in entries.items()}


def restore_state(runtime: Runtime, text: str) -> tuple[int, int]:
    """Put a backup back; answers the numbers of accounts and shops.

    Tokens that TikTok has replaced since are refused at their first use; the account then asks for re-authorization.

    :raises ConfigurationError: ``SECRET_KEYS`` does not open it, or it is of another version.
    """
    state = json.loads(runtime.box.decrypt(text.strip()))
    if state.get("format") != _FORMAT:
        raise ConfigurationError("The backup is of another version of tiktok-odoo-sync.", remedy="Use that version.")
    for operator in state.get("operators", []):  # older backups have none
        Operators(runtime.redis).save(Operator.model_validate(operator))
    accounts = [Account.model_validate(account) for account in state["accounts"]]
    shops = [Shop.model_validate(shop) for shop in state["shops"]]
    for account in accounts:
        runtime.accounts.save(account)
        if account.id in state["tokens"]:
            runtime.tiktok.tokens.save(account.id, TokenGrant.model_validate(state["tokens"][account.id]))
    for shop in shops:
        runtime.shops.claim(shop)
        runtime.shops.save(shop)
        # What was parked then may lie before the cursor: TikTok need not have touched it since.
        runtime.queue(shop.id).mark(state["unsettled"].get(shop.id, []))
        ignored = state.get("ignored", {}).get(shop.id, {})  # older backups have none
        entries = {order_id: IgnoredOrder.model_validate(entry) for order_id, entry in ignored.items()}
        runtime.queue(shop.id).ignored.restore(entries)
        _restore_deliveries(runtime, shop.id, state.get("deliveries", {}).get(shop.id, {}))  # older backups have none
        choices = state.get("choices", {}).get(shop.id, {})
        catalog = runtime.catalog(shop.id)
        catalog.set_choices({name: Choice.model_validate(choice) for name, choice in choices.items()})
        if shop.id in state["cursors"]:
            runtime.cursors.advance(shop.id, state["cursors"][shop.id])
    return len(accounts), len(shops)


def _restore_deliveries(runtime: Runtime, shop_id: str, kept: dict[str, Any]) -> None:
    """Shipping, and requests to cancel, are seen again by a look at each order that has still to be shipped."""
    memory = runtime.fulfillment(shop_id)
    awaiting = kept.get("awaiting", [])
    memory.await_shipment(awaiting)
    runtime.fulfillment_queue(shop_id).mark(sorted({*kept.get("unsettled", []), *awaiting}))
    for entry in kept.get("returns", []):
        memory.keep_return(ReturnSeen.model_validate(entry))
