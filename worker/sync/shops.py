"""Which shops are synchronised now, and taking shops and accounts out of service."""

from __future__ import annotations

from worker.state.catalog_walk import CatalogWalk
from worker.state.problems import authorization_scope, shop_scopes
from worker.state.progress import Progress
from worker.state.shops import Shop
from worker.state.stock_plan import StockPlans
from worker.state.turns import whose_turn
from worker.sync.runtime import Runtime


def active_shops(runtime: Runtime) -> list[Shop]:
    """Shops that are switched on, of accounts that are switched on and authorized."""
    working = {
        account.id for account in runtime.accounts.all() if account.enabled and account.authorization == "authorized"
    }
    return [shop for shop in runtime.shops.all() if shop.enabled and shop.account_id in working]


def next_shops(runtime: Runtime, kind: str, interval: float) -> list[Shop]:
    """Active shops whose turn has come for what is done once in ``interval`` seconds, spread over it."""
    shops = {shop.id: shop for shop in active_shops(runtime)}
    return [shops[shop_id] for shop_id in whose_turn(runtime.redis, kind, interval, shops)]


def active_shop(runtime: Runtime, shop_id: str) -> Shop | None:
    """The shop of that id, if it is to be synchronised now."""
    shop = runtime.shops.find(shop_id)
    if shop is None or not shop.enabled:
        return None
    account = runtime.accounts.get(shop.account_id)
    return shop if account.enabled and account.authorization == "authorized" else None


def remove_shop(runtime: Runtime, shop_id: str) -> None:
    """Stop synchronising a shop and forget its queues. What is in Odoo and on TikTok stays as it is."""
    runtime.shops.remove(shop_id)
    queues = (runtime.product_queue, runtime.inventory_queue, runtime.fulfillment_queue)
    for queue in (runtime.queue(shop_id), *(made(shop_id) for made in queues)):
        queue.drop()
    runtime.fulfillment(shop_id).drop()
    runtime.payouts(shop_id).drop()
    runtime.catalog(shop_id).drop()
    runtime.inventory(shop_id).drop()
    runtime.timeline(shop_id).drop()
    runtime.inbox.drop(shop_id)
    CatalogWalk(runtime.redis, shop_id).end()
    Progress(runtime.redis, shop_id).drop()
    StockPlans(runtime.redis).drop(shop_id)
    runtime.cursors.drop(shop_id)
    for scope in shop_scopes(shop_id):
        runtime.problems.clear(scope)


def remove_account(runtime: Runtime, account_id: str) -> None:
    """Remove an account with its shops, tokens and secret."""
    account = runtime.accounts.get(account_id)
    for shop in runtime.shops.all(account.id):
        remove_shop(runtime, shop.id)
    runtime.tiktok.tokens.delete(account.id)
    runtime.problems.clear(authorization_scope(account.id))
    runtime.accounts.remove(account.id)
