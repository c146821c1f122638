"""The test stand: a private Redis and Odoo, a strict TikTok Shop, and one linked shop whose products Odoo has too."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from cryptography.fernet import Fernet

from benchmarks.counting import CountingOdoo
from sandbox.client import SandboxControl
from sandbox.serving import serving
from sandbox.stack.stack import GIVEN, Stack
from worker.logs import configure
from worker.settings import Settings
from worker.state.shops import Shop
from worker.sync.linking import complete_link, consent_url
from worker.sync.poll import poll
from worker.sync.runtime import Runtime

#: Products of one call while the scene is set.
_BATCH = 500
#: So much more than the connector's own limit TikTok allows: whoever keeps to the limit is never refused.
_ALLOWANCE = 1.2


#: One copy of each product of the benchmark, with its quants. ``jsonb_populate_record`` copies a row but for what is
#: named, whatever columns this version of Odoo has.
_COPY_PRODUCTS = """
WITH source AS (
    SELECT p.id AS old, nextval('product_product_id_seq') AS new
    FROM product_product p WHERE p.default_code ~ '^BENCH-[0-9]+$'
), products AS (
    INSERT INTO product_product
    SELECT (jsonb_populate_record(p, jsonb_build_object(
        'id', s.new, 'default_code', 'COPY-' || s.new, 'combination_indices', 'COPY-' || s.new
    ))).*
    FROM product_product p JOIN source s ON s.old = p.id RETURNING id
)
INSERT INTO stock_quant
SELECT (jsonb_populate_record(q, jsonb_build_object('id', nextval('stock_quant_id_seq'), 'product_id', s.new))).*
FROM stock_quant q JOIN source s ON s.old = q.product_id
"""


class Stand:
    """A context manager that starts everything and ends it.

    :param rate: calls a second that the connector allows itself (``TIKTOK_RATE_LIMIT``).
    :param say: told what happens, for people who wait.
    """

    stack: Stack
    control: SandboxControl
    runtime: Runtime
    odoo: CountingOdoo
    shop: Shop
    environment: dict[str, str]

    def __init__(self, name: str, *, rate: float, say: Callable[[str], None]) -> None:
        self._name = name
        self._rate = rate
        self._say = say
        self._cleanup = contextlib.ExitStack()
        self.variants: dict[str, int] = {}
        self.units: dict[str, int] = {}

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._cleanup.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def _start(self) -> None:
        for name in GIVEN:  # thousands of products are made: never in an Odoo of one's own
            os.environ.pop(name, None)
        self._say("Starting Redis, PostgreSQL, Odoo and the simulator")
        self.stack = self._cleanup.enter_context(Stack(self._name, workers=2, report=self._say))
        url = self._cleanup.enter_context(serving(self.stack.folder))
        self.control = SandboxControl(url)
        self.control.configure(requests_per_second=self._rate * _ALLOWANCE)
        connector = {
            **self.stack.environment(),
            "SECRET_KEYS": Fernet.generate_key().decode(),
            **dict.fromkeys(("TIKTOK_API_URL", "TIKTOK_AUTH_URL", "TIKTOK_CONSENT_URL", "TIKTOK_CONSENT_URL_US"), url),
            "TIKTOK_RATE_LIMIT": str(self._rate),
            "LOG_LEVEL": "WARNING",
        }
        self.environment = {**os.environ, **connector}
        settings = Settings(_env_file=None, **{name.lower(): value for name, value in connector.items()})  # type: ignore[arg-type]
        configure(settings)
        self.runtime = Runtime(settings)
        self.runtime.odoo = self.odoo = CountingOdoo(self.runtime.odoo)
        self.shop = self._link()

    def _link(self) -> Shop:
        """A seller's only shop, linked through consent, redirect code and token exchange."""
        tag = secrets.token_hex(4)
        app = self.control.create_app(
            app_key=f"key{tag}",
            app_secret=secrets.token_hex(20),
            service_id=str(secrets.randbelow(10**18)),
            redirect_url="http://127.0.0.1:9/tiktok/return_from_authorization",
        )
        username, password = f"seller-{tag}", secrets.token_hex(8)
        (opened,) = self.control.create_seller(username, password, [{"name": "Benchmark", "region": "GB"}])
        account = self.runtime.accounts.add(
            name="Benchmark",
            market="GB",
            service_id=app.service_id,
            app_key=app.app_key,
            app_secret=app.app_secret,
        )
        asked = re.search(r"state=([^&]+)", consent_url(self.runtime, account.id))
        redirect = self.control.consent(app.service_id, username, password, asked[1] if asked else None)
        code = re.search(r"code=([^&]+)", redirect)
        link = complete_link(self.runtime, self.runtime.links.returned(account.id, code[1] if code else "", 60).id)
        if link is None or link.outcome != "linked":
            raise RuntimeError(f"The shop could not be linked: {link.message if link else redirect}")
        return self.runtime.shops.get(opened.id)

    def stock_products(self, count: int) -> None:
        """``count`` products with stock in Odoo, each listed on TikTok with one SKU and no stock; orders are polled."""
        started = time.monotonic()
        for first in range(0, count, _BATCH):
            self._make_products(range(first, min(first + _BATCH, count)))
            done = min(first + _BATCH, count)
            if done % 2000 == 0 or done == count:
                self._say(f"{done:,} products are in Odoo and on TikTok ({time.monotonic() - started:.0f} s)")
        self.stack.sql("ANALYZE")
        client = self.runtime.shop_client(self.shop)
        poll(self.shop, client, self.runtime.queue(self.shop.id), self.runtime.cursors, overlap=60)

    def _make_products(self, numbers: range) -> None:
        codes = [f"BENCH-{number:05}" for number in numbers]
        units = {code: 1 + number % 50 for code, number in zip(codes, numbers, strict=True)}
        made = self.stack.add_products((code, f"Product {code}", 10.0, units[code]) for code in codes)
        self.variants |= made
        self.units |= units
        listed: list[dict[str, Any]] = [
            {"seller_sku": code, "title": f"Product {code}", "price": "10.00", "quantity": 0} for code in codes
        ]
        self.control.add_products(self.shop.id, listed)

    def agree_to_push(self) -> None:
        """Somebody agrees to the first push."""
        settings = self.shop.settings.model_copy(update={"push_stock": "on"})
        self.shop = self.shop.model_copy(update={"settings": settings})
        self.runtime.shops.save(self.shop)

    def let_time_pass(self) -> None:
        """Date all of Odoo's stock a day back: as if nothing had changed since yesterday."""
        for table in ("stock_quant", "stock_move"):
            self.stack.sql(f"UPDATE {table} SET write_date = write_date - interval '1 day'")

    def multiply_stock(self, factor: int) -> None:
        """Copy products and their stock in Odoo until there are ``factor`` times as many; by SQL, since creating them
        takes hours. Nobody sells the copies."""
        for _ in range(factor - 1):
            self.stack.sql(_COPY_PRODUCTS)
        self.stack.sql("ANALYZE")

    def stocked(self) -> int:
        """Products with stock in Odoo, copies included."""
        query = "SELECT count(DISTINCT product_id) FROM stock_quant q JOIN stock_location l ON l.id = q.location_id"
        return int(self.stack.sql(f"{query} WHERE l.usage = 'internal'")[0][0])

    def count_anew(self, code: str, units: int) -> None:
        """Somebody counts a product in Odoo."""
        self.stack.set_quantity(self.variants[code], units)
        self.units[code] = units

    def wrong_on_tiktok(self) -> int:
        """Of how many SKUs TikTok shows other units than Odoo has, by the simulator's own books."""
        shown = {
            each["seller_sku"]: sum(each["available"].values()) for each in self.control.stock(self.shop.id).values()
        }
        return sum(1 for code, units in self.units.items() if shown.get(code) != units)
