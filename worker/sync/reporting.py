"""Failures that concern a whole shop become a problem that operators see, instead of a task that fails and fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from worker.errors import ConnectorError, ReauthorizeError, RetryableError
from worker.state.problems import shop_returns_scope, shop_scope
from worker.state.shops import Shop
from worker.sync.runtime import Runtime
from worker.tiktok.errors import TikTokPermanentError

log = structlog.get_logger(__name__)

#: Seconds: after a first failure that passes by itself, and the most after later ones.
FIRST_PAUSE = 2.0
UNAVAILABLE_PAUSE = 15.0
MISCONFIGURED_PAUSE = 60.0


def pause_after(error: ConnectorError, lasted: float = 0.0) -> float:
    """Seconds in which not to try again: short when it passes by itself, longer when a person has to act.

    :param lasted: seconds since which the side fails (:meth:`worker.state.problems.Problems.lasted`). What lasts longer
        is asked less often: a dropped connection costs two seconds, an outage is not stormed.
    """
    if isinstance(error, RetryableError):
        return max(min(UNAVAILABLE_PAUSE, max(FIRST_PAUSE, lasted)), error.retry_after or 0.0)
    return MISCONFIGURED_PAUSE


def report(runtime: Runtime, shop: Shop, scope: str, error: ConnectorError) -> float:
    """Keep the failure where operators see it; the whole account stops when only its seller can help.

    :return: seconds in which nobody tries again.
    """
    pause = pause_after(error, runtime.problems.lasted(scope))
    runtime.problems.report(scope, error, pause)
    # 101000 is about one shop; any other refusal of a token that was just renewed is about the authorization itself.
    if isinstance(error, ReauthorizeError) and error.code != "shop_not_authorized":
        runtime.accounts.set_authorization(shop.account_id, "needed", str(error))
    return pause


@contextmanager
def reporting(runtime: Runtime, shop: Shop, scope: str = "") -> Iterator[None]:
    """Report what the block raises as the shop's problem (under ``scope``); a block that succeeds clears it."""
    scope = scope or shop_scope(shop.id)
    try:
        yield
    except ConnectorError as error:
        report(runtime, shop, scope, error)
        log.warning("shop.problem", shop=shop.id, code=error.code, reason=str(error))
    else:
        runtime.problems.clear(scope)


@contextmanager
def without_scope(runtime: Runtime, shop: Shop) -> Iterator[None]:
    """What needs a scope that the app lacks is left out, and shown as a problem of the shop's; all else goes on."""
    scope = shop_returns_scope(shop.id)
    try:
        yield
    except TikTokPermanentError as error:
        if error.code != "scope_missing":
            raise
        runtime.problems.report(scope, error, MISCONFIGURED_PAUSE)
    else:
        runtime.problems.clear(scope)
