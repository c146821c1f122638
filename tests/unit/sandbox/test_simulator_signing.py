"""The simulator's own signing against the published vectors (reference sections 3.1, 3.2 and 4.2)."""

from __future__ import annotations

import pytest

from sandbox.signing import request_signature, webhook_signature

PUBLISHED = "e59af819cc"
OWN = "9f1c0d2e4b6a8877665544332211ffeeddccbbaa"
KEY, CIPHER = "6demoappkey01", "GCP_DemoCipher0123456789abcd"
EVENT_QUERY = {
    "timestamp": "1696909648",
    "shop_cipher": "ROW_xkMbgAAAeVAQra0eZWebFQq5aIK",
    "app_key": "68xu9ks5p4i8",
}
NOTE = '{"seller_note":"Größe M – 測試 ✓","quantity":1}'
ESCAPED = '{"seller_note":"Gr\\u00f6\\u00dfe M \\u2013 \\u6e2c\\u8a66 \\u2713","quantity":1}'
SEARCH = {
    "timestamp": "1700000002",
    "sort_order": "ASC",
    "sort_field": "update_time",
    "page_token": "aGk+/w==",
    "page_size": "50",
    "shop_cipher": CIPHER,
    "app_key": KEY,
    "access_token": "SHOULD_NOT_BE_SIGNED",
    "sign": "SHOULD_NOT_BE_SIGNED",
}
SEARCH_BODY = '{"order_status":"AWAITING_SHIPMENT","update_time_ge":1700000000}'

REQUESTS = {
    "P1": (
        PUBLISHED,
        "/authorization/202309/shops",
        {"app_key": "29a39d", "timestamp": "1623812664"},
        "",
        "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
    ),
    "P2": (
        PUBLISHED,
        "/event/202309/webhooks",
        EVENT_QUERY,
        "",
        "ed58e1b5e59865c22a7b828c1cab65007441f43cc91a6cb2f2cdc638e0995a37",
    ),
    "P3": (
        PUBLISHED,
        "/event/202309/webhooks",
        EVENT_QUERY,
        '{"event_type":"PACKAGE_UPDATE","address":"https://partner.tiktokshop.com"}',
        "701dd6deb2389fe4c469b89bd37fc56f96a6da6afeb4d01c9077a65169752fa7",
    ),
    "P3 with swapped keys": (
        PUBLISHED,
        "/event/202309/webhooks",
        EVENT_QUERY,
        '{"address":"https://partner.tiktokshop.com","event_type":"PACKAGE_UPDATE"}',
        "cd0d6268252f4ba293bf7ea4c0a2873bf9beec600d22530638564ab301435f7a",
    ),
    "V1": (
        OWN,
        "/order/202309/orders",
        {
            "ids": "576461413038785752,576461413038785753",
            "timestamp": "1700000000",
            "app_key": KEY,
            "shop_cipher": CIPHER,
        },
        "",
        "b1281a36a0da20bafa64a6df1585e1b33197d6dc436dcb345a846429ffc93475",
    ),
    "V2": (
        OWN,
        "/product/202309/products/1729592969712207008/inventory/update",
        {"timestamp": "1700000001", "app_key": KEY, "shop_cipher": CIPHER},
        NOTE,
        "5046dfa2c2b147471ff85ff6484e1e488219c2d690cb7e69be091076937c7667",
    ),
    "V2x": (
        OWN,
        "/product/202309/products/1729592969712207008/inventory/update",
        {"timestamp": "1700000001", "app_key": KEY, "shop_cipher": CIPHER},
        ESCAPED,
        "66ea409241248150ef5d1cb99f2124907ea6df23f78b51c18cd5ed94625ece72",
    ),
    "V3": (
        OWN,
        "/order/202309/orders/search",
        SEARCH,
        SEARCH_BODY,
        "b7307f0e1bd858a4e2634d3c47cfe70e01737e4605459e188b8f2492db68c753",
    ),
    "V3 signed percent-encoded": (
        OWN,
        "/order/202309/orders/search",
        SEARCH | {"page_token": "aGk%2B%2Fw%3D%3D"},
        SEARCH_BODY,
        "2d87720c8a5a73a3df7d5a943582ed49ca4118f394920f028ada383b77b834ad",
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_signed_as_published(name: str) -> None:
    secret, path, query, body, expected = REQUESTS[name]
    assert request_signature(secret, path, query, body=body.encode(), content_type="application/json") == expected


def test_a_multipart_body_is_not_signed() -> None:
    query = {"timestamp": "1700000003", "app_key": KEY}
    signatures = {
        request_signature(
            OWN,
            "/product/202309/images/upload",
            query,
            body=body,
            content_type="multipart/form-data; boundary=x",
        )
        for body in (b"", b"anything", b"\x00\xff")
    }
    assert signatures == {"29553a9329dfd628077e204073d1408a77465385ded1279656083e2d0f18ad59"}


W0 = (
    '{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,'
    '"data":{"is_on_hold_order":true,"order_id":"576653688135258178","order_status":"UNPAID","update_time":1718305585}}'
)
W1 = (
    '{"type":1,"tts_notification_id":"7327112393057371910","shop_id":"7494049642642441621","timestamp":1700000000,'
    '"data":{"order_id":"576461413038785752","order_status":"AWAITING_SHIPMENT","is_on_hold_order":false,'
    '"update_time":1700000000}}'
)
W2 = (
    '{"type": 15, "shop_id": "7494049642642441621", "timestamp": 1700000005, "data": {"product_id": '
    '"1729592969712207008", "changed_fields": ["title"], "note": "Größe ✓"}}\n'
)


@pytest.mark.parametrize(
    ("app_key", "secret", "body", "expected"),
    [
        ("abcdef", "123", W0, "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"),
        (KEY, OWN, W1, "97ea7c1f121d0e3ad79ef2de59d002ea8bfdac3ccbf35bf001c5a90a2759b206"),
        (KEY, OWN, W2, "8faafe0953f87378cc62849d257f80560857ca94f4126439660c4efbd118c6af"),
        (KEY, OWN, W2.rstrip("\n"), "6f735255ffc1028ba77d3b3390d8b5640da322351cc0581618e89d8ba6bc18ec"),
    ],
    ids=["W0", "W1", "W2", "W2 without its newline"],
)
def test_a_webhook_is_signed_as_published(app_key: str, secret: str, body: str, expected: str) -> None:
    assert webhook_signature(app_key, secret, body.encode()) == expected
