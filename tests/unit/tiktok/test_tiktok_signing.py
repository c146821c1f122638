"""Signatures, by the published vectors (P, W0) and by vectors of our own that two algorithms agree on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.unit.builders import W0, W1, W2
from worker.tiktok.signing import sign_request, verify_webhook_signature, webhook_signature

OFFICIAL_SECRET = "e59af819cc"
SECRET = "9f1c0d2e4b6a8877665544332211ffeeddccbbaa"
APP = {"app_key": "6demoappkey01", "shop_cipher": "GCP_DemoCipher0123456789abcd"}
WEBHOOKS = {
    "app_key": "68xu9ks5p4i8",
    "shop_cipher": "ROW_xkMbgAAAeVAQra0eZWebFQq5aIK",
    "timestamp": "1696909648",
}
NOTE = {"seller_note": "Größe M – 測試 ✓", "quantity": 1}
UPDATE = "/product/202309/products/1729592969712207008/inventory/update"


def test_published_get_vector() -> None:
    query = {"app_key": "29a39d", "timestamp": "1623812664"}
    expected = "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8"
    assert sign_request(OFFICIAL_SECRET, "/authorization/202309/shops", query) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "ed58e1b5e59865c22a7b828c1cab65007441f43cc91a6cb2f2cdc638e0995a37"),
        (
            b'{"event_type":"PACKAGE_UPDATE","address":"https://partner.tiktokshop.com"}',
            "701dd6deb2389fe4c469b89bd37fc56f96a6da6afeb4d01c9077a65169752fa7",
        ),
        (
            b'{"address":"https://partner.tiktokshop.com","event_type":"PACKAGE_UPDATE"}',
            "cd0d6268252f4ba293bf7ea4c0a2873bf9beec600d22530638564ab301435f7a",
        ),
    ],
    ids=["P2 get", "P3 put", "P3 with the keys of the body swapped"],
)
def test_published_vectors_with_a_cipher(body: bytes, expected: str) -> None:
    assert sign_request(OFFICIAL_SECRET, "/event/202309/webhooks", WEBHOOKS, body) == expected


def test_a_list_is_signed_as_one_joined_value() -> None:
    query = {**APP, "timestamp": "1700000000", "ids": "576461413038785752,576461413038785753"}
    expected = "b1281a36a0da20bafa64a6df1585e1b33197d6dc436dcb345a846429ffc93475"
    assert sign_request(SECRET, "/order/202309/orders", query) == expected


def test_a_body_is_signed_as_the_bytes_that_are_sent() -> None:
    query = {**APP, "timestamp": "1700000001"}
    as_utf8 = json.dumps(NOTE, ensure_ascii=False, separators=(",", ":")).encode()
    escaped = json.dumps(NOTE, separators=(",", ":")).encode()
    assert len(as_utf8) == 55
    expected = "5046dfa2c2b147471ff85ff6484e1e488219c2d690cb7e69be091076937c7667"
    assert sign_request(SECRET, UPDATE, query, as_utf8) == expected
    assert sign_request(SECRET, UPDATE, query, escaped) == (
        "66ea409241248150ef5d1cb99f2124907ea6df23f78b51c18cd5ed94625ece72"
    )


def test_order_of_parameters_does_not_matter_and_decoded_values_are_signed() -> None:
    query = {
        "timestamp": "1700000002",
        "sort_order": "ASC",
        "sort_field": "update_time",
        "page_token": "aGk+/w==",
        "page_size": "50",
        **APP,
        "access_token": "SHOULD_NOT_BE_SIGNED",
        "sign": "SHOULD_NOT_BE_SIGNED",
    }
    body = b'{"order_status":"AWAITING_SHIPMENT","update_time_ge":1700000000}'
    expected = "b7307f0e1bd858a4e2634d3c47cfe70e01737e4605459e188b8f2492db68c753"
    assert sign_request(SECRET, "/order/202309/orders/search", query, body) == expected
    encoded = {**query, "page_token": "aGk%2B%2Fw%3D%3D"}
    wrong = "2d87720c8a5a73a3df7d5a943582ed49ca4118f394920f028ada383b77b834ad"
    assert sign_request(SECRET, "/order/202309/orders/search", encoded, body) == wrong != expected


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=xyz", "Multipart/Form-Data"])
def test_a_multipart_body_is_not_signed(content_type: str) -> None:
    query = {"app_key": APP["app_key"], "timestamp": "1700000003"}
    expected = "29553a9329dfd628077e204073d1408a77465385ded1279656083e2d0f18ad59"
    path = "/product/202309/images/upload"
    assert sign_request(SECRET, path, query, b"any bytes", content_type=content_type) == expected


@pytest.mark.parametrize(
    ("key", "secret", "body", "signature"),
    [
        ("abcdef", "123", W0, "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"),
        (APP["app_key"], SECRET, W1, "97ea7c1f121d0e3ad79ef2de59d002ea8bfdac3ccbf35bf001c5a90a2759b206"),
        (APP["app_key"], SECRET, W2, "8faafe0953f87378cc62849d257f80560857ca94f4126439660c4efbd118c6af"),
    ],
    ids=["W0 official", "W1", "W2 with a newline at the end"],
)
def test_webhook_vectors(key: str, secret: str, body: bytes, signature: str) -> None:
    assert webhook_signature(key, secret, body) == signature
    assert verify_webhook_signature(key, secret, body, signature)


def test_a_webhook_whose_last_newline_was_lost_is_refused() -> None:
    wrong = "6f735255ffc1028ba77d3b3390d8b5640da322351cc0581618e89d8ba6bc18ec"
    assert len(W2) == 171
    assert webhook_signature(APP["app_key"], SECRET, W2.rstrip(b"\n")) == wrong
    assert not verify_webhook_signature(APP["app_key"], SECRET, W2, wrong)


@pytest.mark.parametrize("header", [None, "", "Bearer x", "ß" * 64, "\ud800", "0" * 64])
def test_a_webhook_without_a_right_signature_is_refused(header: str | None) -> None:
    assert not verify_webhook_signature(APP["app_key"], SECRET, W1, header)


def test_a_webhook_signed_with_another_secret_is_refused() -> None:
    assert not verify_webhook_signature(APP["app_key"], SECRET, W1, webhook_signature(APP["app_key"], "other", W1))


def test_the_receiver_can_verify_without_loading_the_client() -> None:
    heavy = "{'requests', 'pydantic', 'tenacity', 'redis'}"
    code = f"import worker.tiktok.signing, sys; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
