"""``/healthz/live``: this process answers. ``/healthz/ready``: webhooks are kept and a worker works them off."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError

from web.receiver import receiver
from worker.errors import ConfigurationError
from worker.state.connection import REDIS_AWAY, key
from worker.state.cursors import SILENT_AFTER, heartbeat_age

blueprint = Blueprint("health", __name__)
#: Seconds; the key is there to be written, and nobody reads it.
_REMEMBERED = 60


@blueprint.get("/healthz/live")
def live() -> ResponseReturnValue:
    """For the process manager: restart this process when it does not answer."""
    return jsonify(status="ok")


@blueprint.get("/healthz/ready")
def ready() -> ResponseReturnValue:
    """For the load balancer and monitoring: 503 only when webhooks cannot be kept; the rest is told, not failed.

    A receiver without workers must go on taking webhooks: they wait in Redis.
    """
    parts = receiver()
    try:
        parts.redis.set(key("receiver"), "keeps", ex=_REMEMBERED)  # a Redis that is full answers PING
        age = heartbeat_age(parts.redis)
        stopped = [account.id for account in parts.accounts.all() if account.authorization == "needed"]
    except REDIS_AWAY:
        return jsonify(status="unavailable", redis="away"), 503
    except RedisError as error:
        return jsonify(status="unavailable", redis=f"refuses to keep anything: {error}"), 503
    except ConfigurationError as error:
        return jsonify(status="unavailable", redis="ok", configuration=str(error)), 503
    working = age is not None and age < SILENT_AFTER
    return jsonify(
        status="ok" if working and not stopped else "degraded",
        redis="ok",
        worker="ok" if working else "no heartbeat task was completed lately",
        heartbeat_age_seconds=age,
        accounts_to_reauthorize=stopped,
    )
