"""What a webhook is about: ids that are ids, of topics that are known to name them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.tiktok.webhooks import product_ids_of, summary_of

PRODUCT = "1729592969712207008"


@pytest.mark.parametrize("topic", [5, 15, 16, 37, "5", "15", "16", "37"])
@pytest.mark.parametrize("product_id", [PRODUCT, int(PRODUCT)])
def test_topics_of_the_catalogue_name_a_product(topic: Any, product_id: Any) -> None:
    assert product_ids_of({"type": topic, "data": {"product_id": product_id, "status": "FREEZE"}}) == [PRODUCT]


@pytest.mark.parametrize("topic", [1, 3, 4, 6, 12, 36, 150, "51", None, "PRODUCT_STATUS_CHANGE"])
def test_other_topics_do_not(topic: Any) -> None:
    assert product_ids_of({"type": topic, "data": {"product_id": PRODUCT}}) == []


@pytest.mark.parametrize("data", [None, {}, {"product_id": None}, {"product_ids": [PRODUCT]}])
def test_a_topic_of_the_catalogue_may_name_no_product(data: Any) -> None:
    assert product_ids_of({"type": 15, "data": data}) == []
    assert product_ids_of({"type": 15}) == []


@pytest.mark.parametrize(
    "value", ["", " 17", "17\n", "1e5", "abc", True, 5.0, -1, [PRODUCT], {"id": PRODUCT}, "1" * 33]
)
def test_what_is_no_id_is_no_product(value: Any) -> None:
    assert product_ids_of({"type": 15, "data": {"product_id": value}}) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([5, 15, 16, 37]), st.none() | st.dictionaries(st.just("product_id"), JSON))
def test_whatever_comes_only_digits_are_products(topic: int, data: dict[str, Any] | None) -> None:
    found = product_ids_of({"type": topic, "data": data})
    assert all(one.isascii() and one.isdigit() for one in found)


@pytest.mark.parametrize(
    ("topic", "data", "summary"),
    [
        (1, {"order_id": "571", "order_status": "UNPAID"}, "ORDER_STATUS_CHANGE UNPAID"),
        (
            11,
            {"cancel_status": "CANCELLATION_REQUEST_PENDING"},
            "CANCELLATION_STATUS_CHANGE CANCELLATION_REQUEST_PENDING",
        ),
        (4, {"sc_type": "SPLIT", "package_list": []}, "PACKAGE_UPDATE SPLIT"),
        ("3", {"order_id": "571"}, "RECIPIENT_ADDRESS_UPDATE"),
        (99, {"order_status": "BRAND_NEW"}, "topic 99 BRAND_NEW"),
        (7, None, "UPCOMING_AUTHORIZATION_EXPIRATION"),
    ],
)
def test_a_webhook_is_summed_up_by_topic_and_status(topic: Any, data: Any, summary: str) -> None:
    assert summary_of({"type": topic, "data": data}) == summary


@pytest.mark.parametrize("status", ["David Kong", "+44 20 7946 0000", "a@b.c", ["UNPAID"], 5, "X" * 65, "UNPAID\n"])
def test_what_is_no_status_is_not_repeated(status: Any) -> None:
    assert summary_of({"type": 1, "data": {"order_status": status}}) == "ORDER_STATUS_CHANGE"
