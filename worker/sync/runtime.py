"""The parts of one process, put together from the settings and made on first use (that is, after Celery's fork)."""

from __future__ import annotations

from functools import cached_property, lru_cache

from worker.odoo.gateway import OdooGateway
from worker.odoo.rpc import OdooRpc
from worker.settings import Settings, get_settings
from worker.state.accounts import Accounts
from worker.state.connection import RedisClient, connect
from worker.state.cursors import Cursors
from worker.state.inbox import Inbox
from worker.state.links import Links
from worker.state.orders import OrderQueue
from worker.state.problems import Problems
from worker.state.secrets import SecretBox
from worker.state.shops import Shop, Shops
from worker.sync.connections import TikTok
from worker.tiktok.client import ShopClient


class Runtime:
    """Everything that the flows need; tests put their own settings in."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def redis(self) -> RedisClient:
        return connect(self.settings.redis_url)

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
    def problems(self) -> Problems:
        return Problems(self.redis)

    @cached_property
    def tiktok(self) -> TikTok:
        return TikTok(self.settings, self.redis, self.box, self.accounts)

    @cached_property
    def odoo(self) -> OdooGateway:
        return self._odoo(self.settings.odoo_timeout)

    @cached_property
    def odoo_probe(self) -> OdooGateway:
        """For the question whether Odoo is alive, which is not to be waited for."""
        return self._odoo(min(5.0, self.settings.odoo_timeout))

    def _odoo(self, timeout: float) -> OdooGateway:
        settings = self.settings
        return OdooRpc(
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


@lru_cache(maxsize=1)
def get_runtime() -> Runtime:
    """The runtime of this process."""
    return Runtime(get_settings())
