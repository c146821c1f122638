"""``GET /metrics``: how everything stands and what was counted, as text for Prometheus."""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import Iterator

from flask import Blueprint, Response, request, session
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from web.console.access import sessions
from web.metric_families import families
from web.receiver import receiver
from worker.errors import ConfigurationError
from worker.state.accounts import Account
from worker.state.history import History
from worker.state.metrics import hand_over
from worker.state.secrets import SecretBox
from worker.state.standing import look
from worker.state.tokens import TokenStore
from worker.tiktok.models import TokenGrant
from worker.tiktok.tokens import token_lives

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """200 with the text, 401 for strangers, 503 while Redis is away."""
    if not _may_read():
        text = "Set METRICS_TOKEN and send it as a bearer token, or log in to the console.\n"
        return Response(text, 401, {"WWW-Authenticate": "Bearer"}, content_type="text/plain")
    registry = CollectorRegistry()
    try:
        registry.register(_Everything())
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    except RedisError:
        return Response("Redis is away.\n", 503, content_type="text/plain")


@blueprint.teardown_app_request
def _hand_over(_: BaseException | None) -> None:
    """What pages have counted, such as calls of Odoo; webhooks count nothing in this process."""
    hand_over(receiver().redis)


def _may_read() -> bool:
    token = receiver().settings.metrics_token.get_secret_value()
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if token and scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode()):
        return True
    return sessions().operator(session.get("token", ""), extend=False) is not None


class _Everything(Collector):
    """Reads all of it when it is asked, which is at each scrape."""

    def describe(self) -> list[Family]:
        return []  # so that registering does not read everything once more

    def collect(self) -> Iterator[Family]:
        parts = receiver()
        standing = look(parts.redis, parts.broker)
        accounts: list[Account] = []
        # Encrypted with another key than ours; everything else can be told all the same.
        with contextlib.suppress(ConfigurationError):
            accounts = parts.accounts.all()
        store = TokenStore(parts.redis, SecretBox(parts.settings.secret_keys.get_secret_value()), TokenGrant)
        tokens = token_lives(store, [account.id for account in accounts])
        yield from families(standing, accounts, tokens, History(parts.redis).latest())
