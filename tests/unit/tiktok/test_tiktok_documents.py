"""Which shipping labels are fetched, and from where. How, is tested with pictures: it is the same code."""

from __future__ import annotations

import pytest
import responses

from worker.errors import RetryableError
from worker.tiktok.documents import LARGEST, Documents, LabelRefusedError

URL = "https://open-fs.tiktokshop.com/wsos_v2/oec_fulfillment_doc_tts/object/1?token=secret"
PDF = b"%PDF-1.4\n" + bytes(100)


@pytest.fixture
def documents() -> Documents:
    return Documents(("tiktokshop.com", "127.0.0.1"))


@responses.activate
def test_a_pdf_is_answered_as_it_is(documents: Documents) -> None:
    responses.add("GET", URL, body=PDF, content_type="application/octet-stream")
    assert documents.pdf(URL) == PDF


@pytest.mark.parametrize("body", [b"", b"<html>gone</html>", b" %PDF-1.4", b"\x89PNG\r\n\x1a\n"])
@responses.activate
def test_what_is_no_pdf_is_refused_whatever_its_type_says(documents: Documents, body: bytes) -> None:
    responses.add("GET", URL, body=body, content_type="application/pdf")
    with pytest.raises(LabelRefusedError, match="no label"):
        documents.pdf(URL)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/label.pdf",
        "https://tiktokshop.com.example.com/label.pdf",
        "https://tiktokshop.com@169.254.169.254/label.pdf",
        "http://open-fs.tiktokshop.com/label.pdf",
        "file:///etc/passwd",
        "nonsense",
    ],
)
def test_only_tiktoks_hosts_are_asked_and_the_error_says_which_setting(documents: Documents, url: str) -> None:
    with pytest.raises(LabelRefusedError) as refused:
        documents.pdf(url)
    assert "secret" not in str(refused.value)
    if "example" in url:
        assert "DOCUMENT_HOSTS" in refused.value.remedy


@responses.activate
def test_a_redirect_is_not_followed(documents: Documents) -> None:
    responses.add("GET", URL, status=302, headers={"Location": "https://example.com/"})
    with pytest.raises(LabelRefusedError, match="302"):
        documents.pdf(URL)


@responses.activate
def test_a_label_that_is_too_large_is_refused(documents: Documents) -> None:
    responses.add("GET", URL, body=PDF + bytes(LARGEST))
    with pytest.raises(LabelRefusedError, match="larger"):
        documents.pdf(URL)


@responses.activate
def test_a_host_in_trouble_is_tried_again(documents: Documents) -> None:
    responses.add("GET", URL, status=503)
    with pytest.raises(RetryableError):
        documents.pdf(URL)
