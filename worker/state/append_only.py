"""Redis's append-only file after its disk was full."""

from __future__ import annotations

import structlog
from redis.exceptions import ResponseError

from worker.state.connection import RedisClient, key

log = structlog.get_logger(__name__)


def mend_append_only_file(redis: RedisClient) -> bool:
    """Have Redis write its append-only file anew once it could not write to it for a while.

    What it writes in that while may leave half a command in the middle of the file, since Redis cuts it off at the
    wrong place when the file was rewritten before (Redis 7.0.15, seen with a full disk). It works on, and cannot read
    the file when it is started again. Redis counts what it refused meanwhile (``errorstat_MISCONF``), so this may be
    called by anybody at any time.

    :return: whether a rewrite was asked for.
    :raises redis.exceptions.ConnectionError: Redis is away.
    """
    refused = int(redis.info("errorstats").get("errorstat_MISCONF", {}).get("count", 0))
    if not refused:  # nearly always, and every heartbeat asks
        return False
    persistence = redis.info("persistence")
    if not int(persistence.get("aof_enabled", 0)) or persistence.get("aof_last_write_status") != "ok":
        return False
    seen = f"{redis.info('server').get('run_id')}:{refused}"  # counted anew after a restart
    if redis.get(key("append_only", "mended")) == seen:
        return False
    try:
        redis.bgrewriteaof()
    except ResponseError as error:
        log.warning("redis.append_only_not_mended", reason=str(error))
        return False
    redis.set(key("append_only", "mended"), seen)
    log.warning("redis.append_only_rewritten", refused=refused, reason="Redis could not write to its disk for a while")
    return True
