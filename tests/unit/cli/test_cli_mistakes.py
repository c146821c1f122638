"""What is asked for wrongly, set wrongly or away: told in one line, and nothing is changed."""

from __future__ import annotations

import pytest
from cli_stubs import Messages, Run, one_line
from kombu.exceptions import OperationalError

from tests.unit.builders import SHOP_ID
from worker.sync.runtime import Runtime
from worker.tasks import triggers


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("shops", "set", SHOP_ID), "Nothing to set"),
        (("shops", "set", SHOP_ID, "--total", "guess"), "'guess' is not one of"),
        (("shops", "set", SHOP_ID, "--colour", "red"), "No such option"),
        (("orders", "import", "abc"), "'abc' is not a TikTok order id"),
        (("orders", "import", "٥٧"), "is not a TikTok order id"),
        (("orders", "import"), "Missing argument"),
        (("orders", "retry"), "Name the orders, or use --all"),
        (("orders", "retry", "57x"), "'57x' is not a TikTok order id"),
        (("nonsense",), "No such command"),
        (("backup", "restore", "nowhere"), "does not exist"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_wrong_usage_ends_with_2(
    run: Run, runtime: Runtime, sent: Messages, arguments: tuple[str, ...], told: str
) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert "Traceback" not in ended.err
    assert sent == []
    assert runtime.queue(SHOP_ID).counts().due == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("shops", "show", "1"),
        ("shops", "set", "1", "--total", "buyer_paid"),
        ("shops", "enable", "1"),
        ("shops", "disable", "1"),
        ("shops", "remove", "1", "--yes"),
        ("orders", "parked", "--shop", "1"),
        ("orders", "import", "--shop", "1", "571"),
    ],
)
def test_an_unknown_shop_is_one_line(run: Run, shop: None, sent: Messages, arguments: tuple[str, ...]) -> None:
    assert one_line(run(*arguments)) == "Error: There is no shop '1'. `tiktok-odoo shops list` shows them."


def test_without_redis_a_command_says_so(run: Run) -> None:
    assert one_line(run("accounts", "list")) == "Error: Redis does not answer. Start it, or correct REDIS_URL."


def test_without_a_broker_a_command_says_so(
    run: Run, runtime: Runtime, shop: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: str) -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(triggers.app, "send_task", away)
    assert "Celery's broker does not answer" in one_line(run("orders", "import", "571"))
    assert runtime.queue(SHOP_ID).counts().due == 1  # the order is due all the same; the sweep finds it


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("REDIS_URL", "localhost:6379", "REDIS_URL is not the address of a Redis"),
        ("SECRET_KEYS", "nonsense", "SECRET_KEYS holds something that is not a Fernet key"),
        ("ODOO_URL", "odoo.example", "ODOO_URL: Value error, must start with http:// or https://"),
        ("ORDER_BATCH_SIZE", "500", "ORDER_BATCH_SIZE: Input should be less than or equal to 50"),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert told in one_line(run("accounts", "list"))
