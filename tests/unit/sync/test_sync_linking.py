"""From a seller's authorization to shops that are synchronised, and out of service again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.builders import SHOP_ID, add_account, make_shop
from worker.errors import ConfigurationError, ConnectorError, PermanentError, ReauthorizeError, RetryableError
from worker.state.links import Link
from worker.state.problems import shop_scope
from worker.sync.linking import complete_link, consent_url, refresh_shops
from worker.sync.runtime import Runtime
from worker.sync.shops import active_shop, active_shops, remove_account, remove_shop
from worker.tiktok.models import AuthorizedShop


class TikTok:
    """A token host and a list of shops; each fails with ``errors`` one after the other, then works."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.code_errors: list[ConnectorError] = []
        self.shop_errors: list[ConnectorError] = []
        self.shops = [("1", "Demo GB", "GB"), ("2", "Demo DE", "DE")]

    def exchange_code(self, _: Any, code: str) -> None:
        self.codes.append(code)
        if self.code_errors:
            raise self.code_errors.pop(0)

    def account_client(self, _: Any) -> TikTok:
        return self

    def authorized_shops(self) -> list[AuthorizedShop]:
        if self.shop_errors:
            raise self.shop_errors.pop(0)
        return [
            AuthorizedShop.model_validate({"id": i, "name": name, "region": region, "cipher": f"GCP_{i}"})
            for i, name, region in self.shops
        ]

    def consent_url(self, account: Any, state: str) -> str:
        return f"https://consent.example/{account.id}?state={state}"


@pytest.fixture
def tiktok(runtime: Runtime) -> TikTok:
    stub = TikTok()
    runtime.__dict__["tiktok"] = stub
    add_account(runtime)
    runtime.accounts.set_authorization("demo", "none")
    return stub


def returned(runtime: Runtime) -> str:
    return runtime.links.returned("demo", "the-code", 1800).id


def outcome(runtime: Runtime, link_id: str) -> Link:
    link = runtime.links.get(link_id)
    assert link is not None
    return link


def test_the_consent_address_carries_a_state_of_the_account(runtime: Runtime, tiktok: TikTok) -> None:
    url = consent_url(runtime, "demo")
    assert url.startswith("https://consent.example/demo?state=")
    assert runtime.links.consume(url.partition("state=")[2]) == "demo"
    with pytest.raises(ConfigurationError, match="no account 'nobody'"):
        consent_url(runtime, "nobody")


def test_a_link_starts_every_shop_that_it_covers(runtime: Runtime, tiktok: TikTok) -> None:
    link_id = returned(runtime)
    link = complete_link(runtime, link_id)
    assert link == outcome(runtime, link_id)
    assert (link.outcome, link.shops) == ("linked", ["Demo GB (GB, 1): synchronised", "Demo DE (DE, 2): synchronised"])
    assert tiktok.codes == ["the-code"]
    assert [shop.id for shop in active_shops(runtime)] == ["1", "2"]


def test_a_code_that_tiktok_refuses_ends_the_link_with_its_reason(runtime: Runtime, tiktok: TikTok) -> None:
    tiktok.code_errors = [ReauthorizeError("The code was used before.", remedy="Start again.")]
    link_id = returned(runtime)
    complete_link(runtime, link_id)
    link = outcome(runtime, link_id)
    assert (link.outcome, link.message) == ("failed", "The code was used before. Start again.")
    assert runtime.accounts.get("demo").authorization == "none"
    assert runtime.links.pending() == []


def test_a_token_host_that_is_away_costs_nothing(runtime: Runtime, tiktok: TikTok) -> None:
    tiktok.code_errors = [RetryableError("Away."), RetryableError("Away.")]
    link_id = returned(runtime)
    for _ in range(2):
        with pytest.raises(RetryableError):
            complete_link(runtime, link_id)
        assert outcome(runtime, link_id).outcome == "pending"
        assert runtime.links.pending() == [link_id]
    complete_link(runtime, link_id)
    assert outcome(runtime, link_id).outcome == "linked"
    assert tiktok.codes == ["the-code"] * 3


def test_a_list_of_shops_that_does_not_come_is_asked_for_again_without_the_code(
    runtime: Runtime, tiktok: TikTok
) -> None:
    tiktok.shop_errors = [RetryableError("Away.")]
    link_id = returned(runtime)
    with pytest.raises(RetryableError):
        complete_link(runtime, link_id)
    assert outcome(runtime, link_id).outcome == "pending"
    complete_link(runtime, link_id)
    assert outcome(runtime, link_id).outcome == "linked"
    assert tiktok.codes == ["the-code"]
    assert len(active_shops(runtime)) == 2


@pytest.mark.parametrize(
    "error",
    [PermanentError("The app lacks the scope Shop Authorized Information."), ReauthorizeError("The token is refused.")],
)
def test_a_list_of_shops_that_is_refused_does_not_leave_the_seller_waiting(
    runtime: Runtime, tiktok: TikTok, error: ConnectorError
) -> None:
    tiktok.shop_errors = [error]
    link_id = returned(runtime)
    complete_link(runtime, link_id)
    link = outcome(runtime, link_id)
    assert link.outcome == "failed"
    assert error.message in link.message


def test_a_message_that_comes_twice_trades_the_code_once(runtime: Runtime, tiktok: TikTok) -> None:
    link_id = returned(runtime)
    complete_link(runtime, link_id)
    complete_link(runtime, link_id)
    assert tiktok.codes == ["the-code"]
    assert complete_link(runtime, "unknown") is None


def test_a_code_that_another_worker_has_is_left_to_it(runtime: Runtime, tiktok: TikTok) -> None:
    link_id = returned(runtime)
    runtime.links.take_code(link_id)
    complete_link(runtime, link_id)
    assert outcome(runtime, link_id).outcome == "pending"
    assert tiktok.codes == []


def test_a_shop_of_another_account_is_refused_and_the_others_start(runtime: Runtime, tiktok: TikTok) -> None:
    runtime.shops.claim(make_shop("2", "holder"))
    link_id = returned(runtime)
    complete_link(runtime, link_id)
    lines = outcome(runtime, link_id).shops
    assert lines[0] == "Demo GB (GB, 1): synchronised"
    assert "already synchronised by account 'holder'" in lines[1]
    assert runtime.shops.get("2").account_id == "holder"


def test_a_shop_that_was_switched_off_stays_off(runtime: Runtime, tiktok: TikTok) -> None:
    refresh_shops(runtime, "demo")
    runtime.shops.save(runtime.shops.get("1").model_copy(update={"enabled": False}))
    assert refresh_shops(runtime, "demo")[0] == "Demo GB (GB, 1): switched off"
    assert active_shop(runtime, "1") is None


@pytest.mark.parametrize("authorization", ["none", "needed"])
def test_shops_of_an_account_that_is_not_authorized_rest(runtime: Runtime, tiktok: TikTok, authorization: Any) -> None:
    refresh_shops(runtime, "demo")
    runtime.accounts.set_authorization("demo", authorization)
    assert active_shops(runtime) == []
    assert active_shop(runtime, "1") is None
    runtime.accounts.set_authorization("demo", "authorized")
    assert active_shop(runtime, "1") == runtime.shops.get("1")
    assert active_shop(runtime, "999") is None


def test_a_removed_shop_leaves_neither_queue_nor_cursor_nor_problem(runtime: Runtime, tiktok: TikTok) -> None:
    runtime.shops.claim(make_shop())
    runtime.queue(SHOP_ID).mark(["571"])
    runtime.cursors.advance(SHOP_ID, 100)
    runtime.problems.report(shop_scope(SHOP_ID), RetryableError("Away."), 60)
    remove_shop(runtime, SHOP_ID)
    assert runtime.shops.all() == []
    assert runtime.queue(SHOP_ID).counts().due == 0
    assert runtime.cursors.get(SHOP_ID) is None
    assert runtime.problems.all() == []
    assert not runtime.problems.paused(shop_scope(SHOP_ID))


def test_a_removed_account_leaves_nothing_of_its_own(runtime: Runtime) -> None:
    for name, shop_id in (("Demo", "1"), ("Other", "2")):
        runtime.shops.claim(make_shop(shop_id, add_account(runtime, name).id))
        runtime.queue(shop_id).mark(["571"])
    remove_account(runtime, "demo")
    assert [account.id for account in runtime.accounts.all()] == ["other"]
    assert [shop.id for shop in runtime.shops.all()] == ["2"]
    assert runtime.tiktok.tokens.load("demo") is None
    runtime.shops.claim(make_shop("1", "other"))  # another account may have it now
