"""An upload is kept for its operator alone, as it was, and not for long."""

from __future__ import annotations

import os
from typing import Any

from worker.state.uploads import KEPT, Upload, Uploads


def test_an_upload_comes_back_as_it_was(redis: Any) -> None:
    sent = Upload("mapping.xlsx", os.urandom(100_000) + b"\0\xff", "7")
    upload_id = Uploads(redis).keep("anna", sent)
    assert Uploads(redis).find("anna", upload_id) == sent


def test_it_is_nobody_elses_and_ends_with_the_next_one(redis: Any) -> None:
    uploads = Uploads(redis)
    first = uploads.keep("anna", Upload("a.csv", b"a"))
    assert uploads.find("otto", first) is None
    second = uploads.keep("anna", Upload("b.csv", b"b"))
    assert uploads.find("anna", first) is None
    assert uploads.find("anna", "") is None
    uploads.forget("anna")
    assert uploads.find("anna", second) is None


def test_it_is_gone_after_a_quarter_of_an_hour(redis: Any) -> None:
    Uploads(redis).keep("anna", Upload("a.csv", b"a"))
    [name] = redis.keys("tts:upload:*")
    assert 0 < redis.ttl(name) <= KEPT
