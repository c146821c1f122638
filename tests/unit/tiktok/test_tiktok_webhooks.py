"""What a webhook is about: ids that are ids, of topics that are known to name them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.tiktok.webhooks import product_ids_of

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
