"""What each error answer of TikTok's becomes, and that no message tells a secret."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest

from worker.errors import PermanentError, ReauthorizeError, RetryableError
from worker.tiktok.classify import error_for
from worker.tiktok.errors import (
    Answer,
    TikTokPermanentError,
    TikTokReauthorizeError,
    TikTokRetryableError,
    retry_after,
    scrub,
)

PATH = "/order/202309/orders/search"


@pytest.mark.parametrize(
    ("status", "code", "message", "kind", "word"),
    [
        (429, 36009002, "Too many requests", RetryableError, "rate_limited"),
        (200, 36009002, "Too many requests", RetryableError, "rate_limited"),
        (429, 77, "unheard of", RetryableError, "rate_limited"),
        (429, 36009037, "hourly limit", RetryableError, "rate_limited"),
        (200, 36009003, "Internal error", RetryableError, "temporary"),
        (200, 36009007, "Gateway timeout", RetryableError, "temporary"),
        (200, 12052881, "try later", RetryableError, "temporary"),
        (200, 12052109, "quota", RetryableError, "write_quota"),
        (502, 424242, "unheard of", RetryableError, "temporary"),
        (401, 105002, "Expired credentials", ReauthorizeError, "access_token_expired"),
        (401, 36009004, "Invalid x-tts-access-token header", ReauthorizeError, "access_token_invalid"),
        (400, 36009004, "Invalid access_token", ReauthorizeError, "access_token_invalid"),
        (200, 101000, "token does not match", ReauthorizeError, "shop_not_authorized"),
        (200, 36004001, "refresh token expired", ReauthorizeError, "refresh_token_expired"),
        (200, 36004004, "Invalid auth code", ReauthorizeError, "auth_code_invalid"),
        (200, 36004005, "no such auth record", ReauthorizeError, "refresh_token_unknown"),
        (400, 36009004, "Invalid app_key", PermanentError, "unknown_app_key"),
        (400, 36009004, "Missing signature", PermanentError, "bad_signature"),
        (400, 36009004, "Expired timestamp", PermanentError, "clock_skew"),
        (400, 36009004, "shop_cipher is not required for this API", PermanentError, "shop_cipher"),
        (400, 36009004, "Invalid param: page_size", PermanentError, "invalid_request"),
        (401, 106001, "Signature is invalid", PermanentError, "bad_signature"),
        (200, 106013, "shop_cipher missing", PermanentError, "shop_cipher"),
        (403, 105005, "Access denied", PermanentError, "scope_missing"),
        (403, 36009033, "IP not allowed", PermanentError, "ip_not_allowed"),
        (401, 36009043, "shop inactive", PermanentError, "shop_inactive"),
        (404, 36009009, "Invalid path", PermanentError, "no_such_path"),
        (200, 21008111, "not your order", PermanentError, "not_found"),
        (200, 12052180, "too many results", PermanentError, "too_many_results"),
        (200, 11034037, "being generated", RetryableError, "label_pending"),
        (200, 21023035, "not arranged", PermanentError, "not_shipped_yet"),
        (200, 21042104, "not arranged", PermanentError, "not_shipped_yet"),
        (200, 21023046, "collected", PermanentError, "already_collected"),
        (200, 21021010, "after-sale", PermanentError, "after_sale_open"),
        (200, 11034002, "seller shipping", PermanentError, "no_label"),
        (200, 21008017, "seller shipping", PermanentError, "no_label"),
        (200, 21011001, "no such package", PermanentError, "package_gone"),
        (200, 21011006, "shipped", PermanentError, "already_shipped"),
        (200, 21011044, "on hold", PermanentError, "on_hold"),
        (200, 98765, "unheard of", PermanentError, "refused"),
    ],
)
def test_an_error_answer_is_retried_reauthorized_or_final(
    status: int, code: int, message: str, kind: type[Exception], word: str
) -> None:
    error = error_for(Answer(PATH, status, code, "req-1"), message)
    assert isinstance(error, kind)
    assert error.code == word
    assert (error.tiktok_code, error.http_status, error.request_id, error.path) == (code, status, "req-1", PATH)
    assert str(code) in str(error)
    assert "req-1" in str(error)


@pytest.mark.parametrize(
    ("message", "code", "refreshable"),
    [("Expired credentials", 105002, True), ("bad access_token", 36009004, True), ("revoked", 101000, False)],
)
def test_only_a_refused_access_token_can_be_helped_by_a_refresh(message: str, code: int, refreshable: bool) -> None:
    error = error_for(Answer(PATH, 401, code), message)
    assert isinstance(error, TikTokReauthorizeError)
    assert error.refreshable is refreshable


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/order/202309/orders/search", "seller.order.info"),
        ("/product/202309/products/{product_id}", "seller.product.basic"),
        ("/product/202309/products/{product_id}/inventory/update", "seller.product.write"),
        ("/logistics/202309/warehouses", "seller.logistics"),
        ("/fulfillment/202309/packages/search", "seller.fulfillment.basic"),
        ("/event/202309/webhooks", "seller.authorization.info"),
    ],
)
def test_a_missing_scope_is_named(path: str, scope: str) -> None:
    error = error_for(Answer(path, 403, 105005), "Access denied")
    assert scope in error.remedy
    assert "Re-Authorize" in error.remedy


def test_a_wrong_clock_is_named_as_such() -> None:
    assert "clock" in error_for(Answer(PATH, 400, 36009004), "Invalid timestamp").remedy


def test_retry_after_wins_over_our_own_pause() -> None:
    hourly = error_for(Answer(PATH, 429, 36009037), "")
    told = error_for(Answer(PATH, 429, 36009037), "", wait=7.0)
    assert isinstance(hourly, TikTokRetryableError)
    assert isinstance(told, TikTokRetryableError)
    assert (hourly.retry_after, told.retry_after) == (900, 7.0)


NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        (" 0.5 ", 0.5),
        ("Mon, 23 Nov 2026 12:00:10 GMT", 10.0),
        ("Mon, 23 Nov 2026 11:59:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, now=NOW) == seconds


@pytest.mark.parametrize(
    "secret",
    ["ROW_Fw8rBwAAAAAkW03FYd09DG-9INtpw361h", "NTUxZTNhYTQ2ZDk2YmRmZWNmYWY2YWY2YzkxNGYwNjQ3", "GCP_x"],
)
def test_what_looks_like_a_token_is_struck_out_of_tiktoks_own_words(secret: str) -> None:
    for text in (f"token {secret} is bad", f"bad access_token={secret}", f"app_secret: {secret}, sign={secret}"):
        assert secret not in scrub(text)
        assert secret not in str(error_for(Answer(PATH, 400, 36009004), text))


def test_the_rest_of_tiktoks_words_stays_and_is_kept_short() -> None:
    assert scrub("Order 576461413038785752\nis FULFILLMENT_BY_DILAYANI_TOKOPEDIA") == (
        "Order 576461413038785752 is FULFILLMENT_BY_DILAYANI_TOKOPEDIA"
    )
    assert len(scrub("a " * 5000)) <= 300


@pytest.mark.parametrize("kind", [TikTokRetryableError, TikTokReauthorizeError, TikTokPermanentError])
def test_an_error_survives_the_way_between_processes(kind: type[TikTokRetryableError]) -> None:
    copy = pickle.loads(pickle.dumps(kind("It failed.", answer=Answer(PATH, 200, 5), code="word", remedy="Do this.")))
    assert (copy.code, copy.tiktok_code, copy.path) == ("word", 5, PATH)
    assert str(copy) == "It failed. Do this."
