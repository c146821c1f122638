"""Shops (the guide's marketplaces) that a seller's authorization covers, and how each is synchronised."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from worker.errors import ConfigurationError
from worker.state.connection import RedisClient, key


class Feed(BaseModel):
    """The stock of Odoo that one TikTok warehouse shows: of these warehouses, or of one location."""

    model_config = ConfigDict(frozen=True)

    warehouse_ids: list[int] = Field(default_factory=list)
    location_id: int | None = None


class ShopSettings(BaseModel):
    """What an operator chooses for one shop. Ids are Odoo's database ids; ``None`` leaves the choice to Odoo."""

    model_config = ConfigDict(frozen=True)

    go_live: datetime = Field(
        # TikTok counts in whole seconds: an order placed in the second of linking is not an old one.
        default_factory=lambda: datetime.now(UTC).replace(microsecond=0),
        description="Orders created on TikTok before this are left alone.",
    )
    company_id: int | None = Field(None, description="Odoo company of the orders.")
    warehouse_id: int | None = Field(None, description="Odoo warehouse that delivers.")
    sales_team_id: int | None = Field(None, description="Sales team of the orders.")
    pricelist_id: int | None = Field(None, description="Pricelist in the shop's currency.")
    tax_id: int | None = Field(None, description="Tax of goods and shipping; must be included in the price.")
    default_product_id: int | None = Field(
        None, description="Product for SKUs that Odoo does not know; without it such orders are parked."
    )
    default_carrier_id: int | None = Field(None, description="Carrier of the orders.")
    confirm_orders: bool = Field(True, description="Confirm orders (which makes the delivery), or leave quotations.")
    track_changes: bool = Field(
        False,
        description="Have Odoo log in the chatter of orders and contacts what the import itself sets, as its field "
        "tracking does for people; without, an import costs Odoo a quarter less. What people change is logged anyway.",
    )
    total: Literal["seller_revenue", "buyer_paid"] = Field(
        "seller_revenue",
        description="What an order amounts to: paid by the buyer plus funded by the platform, or paid by the buyer.",
    )
    import_fbt: bool = Field(False, description="Import orders that TikTok fulfils (FBT).")
    import_samples: bool = Field(True, description="Import free sample orders.")
    create_products: bool = Field(
        False, description="Create Odoo products for TikTok products that match none; the bot must be allowed to."
    )
    push_stock: Literal["off", "ask", "on"] = Field(
        "ask", description="Set TikTok's stock from Odoo's: never, after somebody agreed to the first push, or always."
    )
    stock_warehouse_ids: list[int] = Field(
        default_factory=list,
        description="Odoo warehouses whose stock is for sale (the guide's FBM Warehouse); none: the warehouse that "
        "delivers, or else all of the company.",
    )
    stock_location_id: int | None = Field(None, description="Odoo location whose stock is for sale, not warehouses.")
    warehouse_feeds: dict[str, Feed] = Field(
        default_factory=dict,
        description="Which stock of Odoo each TikTok warehouse shows, by TikTok's id; none: all goes to TikTok's "
        "default warehouse.",
    )
    stock_buffer: int = Field(0, ge=0, description="Units of each product to keep back from TikTok.")
    stock_maximum: int | None = Field(None, ge=0, description="Most units of a product to show on TikTok.")
    ship_when: Literal["manual", "ready", "validated"] = Field(
        "manual",
        description="When shipping is arranged on TikTok: by people in Seller Center, when the delivery is ready in "
        "Odoo, or when it is validated there.",
    )
    handover: Literal["pickup", "drop_off"] = Field(
        "pickup", description="How parcels get to the carrier where TikTok ships; pick-up takes the first free slot."
    )
    shipping_provider: str = Field(
        "", description="Carrier of parcels that the seller ships, as TikTok calls it; empty: the delivery's carrier."
    )
    label_size: Literal["A6", "A5"] = Field("A6", description="Paper of shipping labels.")
    shipped_on_tiktok: Literal["flag", "validate"] = Field(
        "flag",
        description="What becomes of an open delivery when TikTok says that the carrier has the parcel: a person is "
        "asked, or it is validated.",
    )
    cancel_on_tiktok: bool = Field(
        False, description="Cancel an order on TikTok, too, when a person cancels it in Odoo before it ships."
    )
    cancel_reason: str = Field(
        "seller_cancel_reason_out_of_stock", description="The reason that TikTok is given for such a cancellation."
    )
    returns: Literal["off", "note", "picking"] = Field(
        "note",
        description="Returns on TikTok in Odoo: not at all, as a note on the order, or also as a draft receipt.",
    )
    payouts: Literal["off", "record", "bill", "bank"] = Field(
        "record",
        description="TikTok's payout statements: left alone, read and checked, or also booked in Odoo: as draft vendor "
        "bills of what TikTok keeps, or as bank statement lines.",
    )
    payout_partner_id: int | None = Field(None, description="Vendor of these bills.")
    payout_journal_id: int | None = Field(None, description="Bank journal of these lines; in the shop's currency.")


class Shop(BaseModel):
    """One shop: ``id`` comes in webhooks, ``cipher`` goes into calls (Authorization API, *Get Authorized Shops*)."""

    model_config = ConfigDict(frozen=True)  # one that was read is handed out again, see ``_read``

    id: str
    account_id: str
    name: str
    region: str
    cipher: str
    enabled: bool = True
    linked_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    settings: ShopSettings = Field(default_factory=ShopSettings)


def pushing_key() -> str:
    """The set of shops whose stock is pushed."""
    return key("shops_pushing_stock")


@lru_cache(maxsize=5000)
def _read(stored: str) -> Shop:
    """Shops are read at every turn and hardly ever change; reading 500 anew takes 25 ms."""
    return Shop.model_validate_json(stored)


class Shops:
    """All shops. A shop belongs to one account: ``tts:shop_owners`` decides, before anything is stored."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._hash = key("shops")
        self._owners = key("shop_owners")
        self._pushing = pushing_key()

    def claim(self, shop: Shop) -> Shop:
        """Give the shop to its account, keeping the settings that it already has.

        :raises ConfigurationError: another account holds the shop; the message says which.
        """
        if not self._redis.hsetnx(self._owners, shop.id, shop.account_id):
            owner = self._redis.hget(self._owners, shop.id)
            if owner is not None and owner != shop.account_id:
                raise ConfigurationError(
                    f"Shop {shop.id} ({shop.name}) is already synchronised by account {owner!r}.",
                    code="shop_taken",
                    remedy=f"Remove it there first: `tiktok-odoo shops remove {shop.id}`.",
                )
        known = self.find(shop.id)
        if known is not None:
            shop = known.model_copy(update={"name": shop.name, "region": shop.region, "cipher": shop.cipher})
        self.save(shop)
        return shop

    def save(self, shop: Shop) -> None:
        """Store a changed shop."""
        pushes = shop.enabled and shop.settings.push_stock == "on"
        with self._redis.pipeline() as pipe:
            pipe.hset(self._hash, shop.id, shop.model_dump_json())
            if pushes:
                pipe.sadd(self._pushing, shop.id)
            else:
                pipe.srem(self._pushing, shop.id)
            pipe.execute()

    def pushing_stock(self) -> int:
        """In how many shops stock is pushed; with more than one, a sale in one may concern another."""
        return int(self._redis.scard(self._pushing))

    def pushing(self) -> set[str]:
        """Ids of the shops whose stock is pushed."""
        return set(self._redis.smembers(self._pushing))

    def find(self, shop_id: str) -> Shop | None:
        """The shop of that id, if there is one."""
        stored = self._redis.hget(self._hash, shop_id)
        return None if stored is None else _read(stored)

    def get(self, shop_id: str) -> Shop:
        """The shop of that id.

        :raises ConfigurationError: there is none.
        """
        shop = self.find(shop_id)
        if shop is None:
            raise ConfigurationError(f"There is no shop {shop_id!r}.", remedy="`tiktok-odoo shops list` shows them.")
        return shop

    def all(self, account_id: str | None = None) -> list[Shop]:
        """Every shop, or those of one account, by id."""
        shops = [_read(stored) for _, stored in sorted(self._redis.hgetall(self._hash).items())]
        return [shop for shop in shops if account_id in (None, shop.account_id)]

    def remove(self, shop_id: str) -> None:
        """Stop synchronising the shop and let another account have it. What is in Odoo stays."""
        with self._redis.pipeline() as pipe:
            pipe.hdel(self._hash, shop_id)
            pipe.hdel(self._owners, shop_id)
            pipe.srem(self._pushing, shop_id)
            pipe.execute()
