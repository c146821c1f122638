"""Which images are fetched, from where, and how much of them."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
import responses

from worker.errors import RetryableError
from worker.tiktok.images import ImageRefusedError, fetch_image

HOSTS = ("ibyteimg.com", "127.0.0.1")
URL = "https://p16-oec-va.ibyteimg.com/tos/a~tplv-origin-jpeg.jpeg?from=1"
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)


@pytest.mark.parametrize(
    "image",
    [JPEG, b"\x89PNG\r\n\x1a\n" + bytes(9), b"GIF89a" + bytes(9), b"GIF87a" + bytes(9), b"RIFF\x10\0\0\0WEBPVP8 "],
    ids=["JPEG", "PNG", "GIF89a", "GIF87a", "WebP"],
)
@responses.activate
def test_an_image_of_a_known_kind_is_answered_as_it_is(image: bytes) -> None:
    responses.add("GET", URL, body=image, content_type="application/octet-stream")
    assert fetch_image(URL, HOSTS) == image


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>gone</html>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"RIFF\x10\0\0\0WAVEfmt ", b"%PDF-1.7"],
    ids=["empty", "HTML", "SVG", "sound", "PDF"],
)
@responses.activate
def test_what_is_no_image_is_refused_whatever_its_type_says(body: bytes) -> None:
    responses.add("GET", URL, body=body, content_type="image/jpeg")
    with pytest.raises(ImageRefusedError, match="no image"):
        fetch_image(URL, HOSTS)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a.jpg",
        "https://notibyteimg.com/a.jpg",
        "https://ibyteimg.com.example.com/a.jpg",
        "https://ibyteimg.com@example.com/a.jpg",
        "https://example.com/ibyteimg.com/a.jpg",
        "https://example.com#.ibyteimg.com",
        "https://example.com\\@p16.ibyteimg.com/a.jpg",
        "https://example.com:8443\\@p16.ibyteimg.com/a.jpg",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/a.jpg",
        "https://[broken/a.jpg",
        "http://p16.ibyteimg.com/a.jpg",
        "ftp://p16.ibyteimg.com/a.jpg",
        "file:///etc/passwd",
        "//p16.ibyteimg.com/a.jpg",
        "p16.ibyteimg.com/a.jpg",
        "https://p16.ibyteimg.com:0x1f/a.jpg",
        "",
    ],
)
@responses.activate
def test_nobody_else_is_called(url: str) -> None:
    with pytest.raises(ImageRefusedError):
        fetch_image(url, HOSTS)
    assert len(responses.calls) == 0


def test_without_a_host_in_the_setting_nothing_is_fetched() -> None:
    with pytest.raises(ImageRefusedError):
        fetch_image(URL, [""])


@responses.activate
def test_hosts_are_compared_without_regard_to_case() -> None:
    url = "https://P16.IByteImg.com/a.jpg"
    responses.add("GET", url, body=JPEG)
    assert fetch_image(url, ["IBYTEIMG.com"]) == JPEG


@pytest.mark.parametrize("target", ["https://example.com/a.jpg", "http://127.0.0.1:6379/", URL])
@responses.activate
def test_redirects_are_not_followed(target: str) -> None:
    responses.add("GET", URL, status=302, headers={"Location": target})
    with pytest.raises(ImageRefusedError, match="HTTP 302"):
        fetch_image(URL, HOSTS)
    assert len(responses.calls) == 1


@pytest.mark.parametrize(("status", "error"), [(404, ImageRefusedError), (403, ImageRefusedError)])
@responses.activate
def test_an_address_that_holds_nothing_is_refused(status: int, error: type[Exception]) -> None:
    responses.add("GET", URL, status=status, body=JPEG)
    with pytest.raises(error, match=f"HTTP {status}"):
        fetch_image(URL, HOSTS)


@pytest.mark.parametrize("status", [429, 500, 503])
@responses.activate
def test_a_host_in_trouble_may_be_asked_again(status: int) -> None:
    responses.add("GET", URL, status=status, body="")
    with pytest.raises(RetryableError, match=f"HTTP {status}"):
        fetch_image(URL, HOSTS)


@pytest.mark.parametrize("error", [requests.ConnectionError(f"no route to {URL}"), requests.ReadTimeout(URL)])
@responses.activate
def test_no_answer_may_be_asked_again_and_says_nothing_of_the_address(error: Exception) -> None:
    responses.add("GET", URL, body=error)
    with pytest.raises(RetryableError) as caught:
        fetch_image(URL, HOSTS)
    assert "ibyteimg" not in str(caught.value)
    assert caught.value.__context__ is None


@responses.activate
def test_the_largest_size_is_still_taken_and_one_byte_more_is_not() -> None:
    responses.add("GET", URL, body=JPEG)
    assert fetch_image(URL, HOSTS, largest=len(JPEG)) == JPEG
    with pytest.raises(ImageRefusedError, match="larger than 103 bytes"):
        fetch_image(URL, HOSTS, largest=len(JPEG) - 1)


# --- a real server -----------------------------------------------------------------------------------------------


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """``serve(answer)``: a server on this machine that answers so; its address."""
    servers = []

    def start(answer: Callable[[BaseHTTPRequestHandler], None]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                answer(self)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/a.jpg"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_http_is_for_this_machine_alone_and_only_when_it_is_allowed(serve: Callable[..., str]) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.end_headers()
        request.wfile.write(JPEG)

    url = serve(answer)
    assert fetch_image(url, HOSTS) == JPEG
    with pytest.raises(ImageRefusedError):
        fetch_image(url, ["ibyteimg.com"])


def test_a_small_answer_that_unpacks_to_a_huge_one_is_not_unpacked(serve: Callable[..., str]) -> None:
    packed = gzip.compress(JPEG + bytes(50 * 1024 * 1024))

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_header("Content-Encoding", "gzip")
        request.end_headers()
        request.wfile.write(packed)

    with pytest.raises(ImageRefusedError, match="larger"):
        fetch_image(serve(answer), HOSTS)


def test_an_image_that_trickles_is_given_up(serve: Callable[..., str]) -> None:
    ended = threading.Event()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.end_headers()
        request.wfile.write(JPEG)
        while not ended.wait(0.05):
            try:
                request.wfile.write(b"\0")
            except OSError:
                return

    started = time.monotonic()
    with pytest.raises(RetryableError, match="slowly"):
        fetch_image(serve(answer), HOSTS, timeout=0.3)
    ended.set()
    assert time.monotonic() - started < 5
