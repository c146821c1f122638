"""A backup brings back what neither TikTok nor Odoo can tell, and shows nothing to who finds it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.unit.builders import APP_KEY, APP_SECRET, SHOP_ID, add_account, make_shop
from worker.errors import ConfigurationError
from worker.state.dirty_set import Parked
from worker.state.fulfillment import ReturnSeen
from worker.state.ignored import IgnoredOrder
from worker.state.operators import Operators
from worker.state.secrets import SecretBox, generate_key
from worker.sync.backup import export_state, restore_state
from worker.sync.runtime import Runtime
from worker.tiktok.models import TokenGrant

GRANT = TokenGrant.model_validate(
    {
        "access_token": "ROW_access",
        "access_token_expire_in": int((datetime.now(UTC) + timedelta(days=7)).timestamp()),
        "refresh_token": "ROW_refresh",
        "refresh_token_expire_in": int((datetime.now(UTC) + timedelta(days=365)).timestamp()),
    }
)


@pytest.fixture
def backup(runtime: Runtime) -> str:
    add_account(runtime)
    add_account(runtime, "Not linked")
    runtime.tiktok.tokens.save("demo", GRANT)
    shop = runtime.shops.claim(make_shop(tax_id=7, total="buyer_paid"))
    runtime.shops.save(shop.model_copy(update={"enabled": False}))
    runtime.shops.claim(make_shop("2"))
    runtime.cursors.advance(SHOP_ID, 1234)
    return export_state(runtime)


def test_all_of_it_comes_back_after_redis_is_lost(runtime: Runtime, backup: str) -> None:
    accounts, shops = runtime.accounts.all(), runtime.shops.all()
    runtime.redis.flushall()
    assert restore_state(runtime, f"  {backup}\n") == (2, 2)
    assert runtime.accounts.all() == accounts
    assert runtime.shops.all() == shops
    assert runtime.tiktok.tokens.load("demo") == GRANT
    assert runtime.tiktok.tokens.load("not-linked") is None
    assert (runtime.cursors.get(SHOP_ID), runtime.cursors.get("2")) == (1234, None)


def test_orders_that_a_person_ignores_stay_ignored(runtime: Runtime, backup: str) -> None:
    """Nothing but the backup knows of them."""
    queue, entry = runtime.queue(SHOP_ID), IgnoredOrder(note="Refunded by hand", by="anna")
    queue.mark(["571", "572"])
    queue.ignored.put(["571"], entry)
    backup = export_state(runtime)
    runtime.redis.flushall()
    restore_state(runtime, backup)
    assert queue.ignored.all() == {"571": entry}
    assert queue.claim(10, 60).ids == ["572"]


def test_orders_that_were_parked_are_looked_at_again(runtime: Runtime, backup: str) -> None:
    """They may lie before the cursor: no poll need come by them."""
    queue = runtime.queue(SHOP_ID)
    queue.mark(["571", "572"])
    claim = queue.claim(2, 60)
    queue.park(claim, Parked(id="571", code="unknown_sku", message="?"), 3600)
    queue.done(claim, "572")
    backup = export_state(runtime)
    runtime.redis.flushall()
    restore_state(runtime, backup)
    assert runtime.queue(SHOP_ID).claim(10, 60).ids == ["571"]


def test_orders_that_have_still_to_be_shipped_are_shipped_from_odoo_after_redis_is_lost(
    runtime: Runtime, backup: str
) -> None:
    """They lie before the cursor and TikTok leaves them alone: nothing but the backup brings them back."""
    queue, memory = runtime.fulfillment_queue(SHOP_ID), runtime.fulfillment(SHOP_ID)
    memory.await_shipment(["571"])
    queue.mark(["572", "573"])
    claim = queue.claim(2, 60)
    queue.park(claim, Parked(id="572", code="no_tracking", message="?"), 3600)
    queue.done(claim, "573")
    backup = export_state(runtime)
    runtime.redis.flushall()
    restore_state(runtime, backup)
    assert memory.awaiting() == ["571"]
    assert sorted(queue.claim(10, 60).ids) == ["571", "572"]


def test_what_was_noted_of_returns_is_not_noted_again(runtime: Runtime, backup: str) -> None:
    seen = ReturnSeen(
        id="9001",
        order_id="571",
        type="REFUND",
        status="REFUND_SUCCESS",
        amount=Decimal("9.50"),
        updated_at=datetime(2026, 11, 20, tzinfo=UTC),
        noted="REFUND_SUCCESS",
    )
    runtime.fulfillment(SHOP_ID).keep_return(seen)
    backup = export_state(runtime)
    runtime.redis.flushall()
    restore_state(runtime, backup)
    assert runtime.fulfillment(SHOP_ID).return_seen("9001") == seen


def test_a_backup_of_before_there_were_deliveries_is_restored(runtime: Runtime, backup: str) -> None:
    state = json.loads(runtime.box.decrypt(backup))
    del state["deliveries"]
    assert restore_state(runtime, runtime.box.encrypt(json.dumps(state))) == (2, 2)
    assert runtime.fulfillment(SHOP_ID).awaiting() == []


def test_restoring_twice_is_restoring_once(runtime: Runtime, backup: str) -> None:
    restore_state(runtime, backup)
    shops = runtime.shops.all()
    restore_state(runtime, backup)
    assert runtime.shops.all() == shops


def test_settings_that_changed_since_are_those_of_the_backup_again(runtime: Runtime, backup: str) -> None:
    runtime.shops.save(make_shop(tax_id=99))
    restore_state(runtime, backup)
    assert runtime.shops.get(SHOP_ID).settings.tax_id == 7


def test_a_restored_shop_still_belongs_to_one_account(runtime: Runtime, backup: str) -> None:
    runtime.redis.flushall()
    restore_state(runtime, backup)
    with pytest.raises(ConfigurationError, match="by account 'demo'"):
        runtime.shops.claim(make_shop(account_id="not-linked"))


def test_a_backup_shows_nothing(backup: str) -> None:
    assert backup.isascii()
    assert not any(part in backup for part in (APP_SECRET, APP_KEY, "ROW_", SHOP_ID, "Demo"))


@pytest.mark.parametrize("text", ["", "not a backup", "gAAAAABnothing"])
def test_what_is_no_backup_is_refused_and_changes_nothing(runtime: Runtime, backup: str, text: str) -> None:
    shops = runtime.shops.all()
    with pytest.raises(ConfigurationError, match="SECRET_KEYS"):
        restore_state(runtime, text)
    assert runtime.shops.all() == shops


def test_another_key_does_not_open_it(runtime: Runtime, backup: str) -> None:
    runtime.__dict__["box"] = SecretBox(generate_key())
    with pytest.raises(ConfigurationError, match="None of the keys"):
        restore_state(runtime, backup)


def test_a_backup_of_another_version_is_refused(runtime: Runtime) -> None:
    with pytest.raises(ConfigurationError, match="another version"):
        restore_state(runtime, runtime.box.encrypt('{"format": 99}'))


def test_those_who_may_log_in_may_so_again_with_their_passwords(runtime: Runtime) -> None:
    Operators(runtime.redis).add("anna", "viewer", "a long enough password")
    backup = export_state(runtime)
    runtime.redis.flushall()
    restore_state(runtime, backup)
    found = Operators(runtime.redis).check("anna", "a long enough password")
    assert found is not None
    assert found.role == "viewer"
