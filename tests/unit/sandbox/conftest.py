"""A simulator without sockets, with an app, a seller of two shops and a grant."""

from __future__ import annotations

import pytest
from simulator_stubs import APP_KEY, APP_SECRET, SERVICE_ID, Api, Clock, Deliveries

from sandbox.settings import Settings
from sandbox.simulator import Simulator


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def deliveries() -> Deliveries:
    return Deliveries()


@pytest.fixture
def simulator(clock: Clock, deliveries: Deliveries) -> Simulator:
    return Simulator(Settings(requests_per_second=10_000.0), clock, deliveries)


@pytest.fixture
def api(simulator: Simulator, clock: Clock) -> Api:
    """An app, a seller with a shop in Germany and one in the United States, and a grant; the German shop is used."""
    found = Api(simulator, clock)
    app = {"app_key": APP_KEY, "app_secret": APP_SECRET, "service_id": SERVICE_ID}
    found.control("/apps", app | {"redirect_url": "https://erp.test/back", "webhook_url": "https://erp.test/hook"})
    shops = [{"name": "Berlin", "region": "DE"}, {"name": "Austin", "region": "US"}]
    found.control("/sellers", {"username": "anna", "password": "secret", "shops": shops})
    found.cipher = simulator.world.sellers["anna"].shops[0].cipher
    found.grant()
    return found


@pytest.fixture
def shop_id(api: Api, simulator: Simulator) -> str:
    """The German shop, with ten products of 100 pieces at 10.00 EUR."""
    found = simulator.world.sellers["anna"].shops[0].id
    products = [{"seller_sku": f"SKU-{n}", "title": f"Thing {n}", "price": "10.00", "quantity": 100} for n in range(10)]
    api.control(f"/shops/{found}/products", {"products": products})
    return found
