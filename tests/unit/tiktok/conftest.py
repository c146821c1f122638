"""What the tests of the TikTok client share: credentials, a token source, a limiter, a transport that never sleeps."""

from __future__ import annotations

import pytest
from tiktok_stubs import API, APP_SECRET, Limiter, Tokens

from worker.tiktok.auth import AppCredentials
from worker.tiktok.transport import Transport


@pytest.fixture
def credentials() -> AppCredentials:
    return AppCredentials("6demoappkey01", APP_SECRET)


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def limiter() -> Limiter:
    return Limiter()


@pytest.fixture
def pauses() -> list[float]:
    """Seconds of each pause between two attempts, in place of sleeping."""
    return []


@pytest.fixture
def transport(pauses: list[float]) -> Transport:
    return Transport(API, sleep=pauses.append)
