"""The parts of one process, put together from the settings and made on first use (that is, after Celery's fork)."""

from __future__ import annotations

from functools import cached_property, lru_cache

from worker.odoo.connect import connect_odoo
from worker.odoo.gateway import OdooGateway
from worker.odoo.remembering import Remembering
from worker.settings import Settings, get_settings
from worker.state.accounts import Accounts
from worker.state.catalog import Catalog
from worker.state.connection import RedisClient, connect
from worker.state.cursors import Cursors
from worker.state.dirty_set import DirtySet
from worker.state.fulfillment import Fulfillment
from worker.state.inbox import Inbox
from worker.state.inventory import Inventory, StockWatch
from worker.state.links import Links
from worker.state.orders import OrderQueue
from worker.state.payouts import Payouts
from worker.state.problems import Problems
from worker.state.reserving import Reserving
from worker.state.secrets import SecretBox
from worker.state.shops import Shop, Shops
from worker.state.timeline import Timeline
from worker.sync.batch_size import BatchSize
from worker.sync.connections import TikTok
from worker.tiktok.client import ShopClient
from worker.tiktok.documents import Documents


class Runtime:
    """Everything that the flows need; tests put their own settings in."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def redis(self) -> RedisClient:
        return connect(self.settings.redis_url)

    @cached_property
    def broker(self) -> RedisClient:
        """Celery's database; only looked at."""
        return connect(self.settings.broker_url, timeout=2.0, retries=0)

    @cached_property
    def box(self) -> SecretBox:
        return SecretBox(self.settings.secret_keys.get_secret_value())

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self.redis, self.box)

    @cached_property
    def shops(self) -> Shops:
        return Shops(self.redis)

    @cached_property
    def links(self) -> Links:
        return Links(self.redis, self.box)

    @cached_property
    def inbox(self) -> Inbox:
        return Inbox(self.redis)

    @cached_property
    def cursors(self) -> Cursors:
        return Cursors(self.redis)

    @cached_property
    def stock_watch(self) -> StockWatch:
        return StockWatch(self.redis)

    @cached_property
    def problems(self) -> Problems:
        return Problems(self.redis)

    @cached_property
    def tiktok(self) -> TikTok:
        return TikTok(self.settings, self.redis, self.box, self.accounts)

    @cached_property
    def documents(self) -> Documents:
        """Shipping labels, from TikTok's hosts."""
        hosts = [host.strip() for host in self.settings.document_hosts.split(",")]
        return Documents(hosts, timeout=self.settings.tiktok_timeout)

    @cached_property
    def odoo(self) -> OdooGateway:
        return self._odoo(self.settings.odoo_timeout)

    @cached_property
    def odoo_memory(self) -> OdooGateway:
        """For questions whose answers hardly ever change."""
        return Remembering(self.odoo)

    @cached_property
    def reserving(self) -> Reserving:
        """Keeps workers from confirming orders of the same products at the same time."""
        return Reserving(self.redis)

    @cached_property
    def order_batch(self) -> BatchSize:
        """How many orders this process brings in at once."""
        return BatchSize(self.settings.order_batch_size, self.settings.odoo_call_seconds)

    @cached_property
    def odoo_probe(self) -> OdooGateway:
        """For the question whether Odoo is alive, which is not to be waited for."""
        return self._odoo(min(5.0, self.settings.odoo_timeout))

    def _odoo(self, timeout: float) -> OdooGateway:
        settings = self.settings
        return connect_odoo(
            api=settings.odoo_api,
            url=settings.odoo_url,
            database=settings.odoo_db,
            user=settings.odoo_user,
            password=settings.odoo_password.get_secret_value(),
            timeout=timeout,
        )

    def shop_client(self, shop: Shop) -> ShopClient:
        """A client for the shop's calls to TikTok, with its account's credentials and tokens."""
        return self.tiktok.shop_client(self.accounts.get(shop.account_id), shop)

    def queue(self, shop_id: str) -> OrderQueue:
        """The dirty set of that shop's orders."""
        return OrderQueue(self.redis, shop_id)

    def timeline(self, shop_id: str) -> Timeline:
        """What happened to that shop's orders."""
        return Timeline(self.redis, shop_id, days=self.settings.timeline_days)

    def product_queue(self, shop_id: str) -> DirtySet:
        """The dirty set of TikTok products whose place in the catalogue is to be looked at."""
        return DirtySet(self.redis, "products", shop_id)

    def inventory_queue(self, shop_id: str) -> DirtySet:
        """The dirty set of TikTok products whose stock is to be pushed."""
        return DirtySet(self.redis, "inventory", shop_id)

    def fulfillment_queue(self, shop_id: str) -> DirtySet:
        """The dirty set of orders whose packages, cancellation requests and returns are to be followed."""
        return DirtySet(self.redis, "fulfillment", shop_id)

    def fulfillment(self, shop_id: str) -> Fulfillment:
        """What is remembered of that shop's parcels, cancellation requests and returns."""
        return Fulfillment(self.redis, shop_id, days=self.settings.imported_days)

    def payouts(self, shop_id: str) -> Payouts:
        """That shop's payout statements."""
        return Payouts(self.redis, shop_id, days=self.settings.imported_days)

    def inventory(self, shop_id: str) -> Inventory:
        """What is known of that shop's stock on TikTok."""
        return Inventory(self.redis, shop_id)

    def catalog(self, shop_id: str) -> Catalog:
        """What that shop lists, and what it is bound to."""
        return Catalog(self.redis, shop_id)


@lru_cache(maxsize=1)
def get_runtime() -> Runtime:
    """The runtime of this process."""
    return Runtime(get_settings())
