"""Celery's settings: broker, queues, routes, beat schedule and what makes work survive a killed worker.

Why each choice: docs/architecture.md. Times are in seconds.
"""

from __future__ import annotations

from worker.redis_address import celery_settings
from worker.settings import get_settings
from worker.state.broker import BEAT_LOCK_SECONDS, BEAT_PREFIX, CELERY_PREFIX, QUEUES
from worker.state.turns import tick_of

_settings = get_settings()

_broker = celery_settings(_settings.broker_url)
broker_url = _broker["broker_url"]
broker_connection_retry_on_startup = True
#: A Redis that is full or has become a replica refuses to hand out messages: a worker waits for it, and does not end.
broker_channel_error_retry = True
#: A redelivery must wait longer than the longest task may take, or a slow task runs twice.
_TASK_LIMIT = 240
_VISIBILITY_TIMEOUT = 600
broker_transport_options = {
    "visibility_timeout": _VISIBILITY_TIMEOUT,
    # Looks for work of killed workers every second instead of every hundred.
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "health_check_interval": 25,
    "socket_keepalive": True,
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    # Not retry_on_timeout: redis-py would then repeat a read on a new connection by itself, without end and inside the
    # worker's event loop. A lost connection is to be Celery's to see, which starts its consumers anew.
    "global_keyprefix": CELERY_PREFIX,
    **_broker["transport_options"],
}

task_serializer = "json"
accept_content = ["json"]
task_ignore_result = True
task_acks_late = True
task_reject_on_worker_lost = True
worker_prefetch_multiplier = 1
task_time_limit = _TASK_LIMIT
task_soft_time_limit = _TASK_LIMIT - 30
worker_soft_shutdown_timeout = 25
worker_hijack_root_logger = False
worker_send_task_events = True
task_send_sent_event = True
worker_max_memory_per_child = 300_000  # kB
timezone = "UTC"
enable_utc = True

imports = (
    *("worker.tasks.orders", "worker.tasks.inventory", "worker.tasks.catalog", "worker.tasks.fulfillment"),
    *("worker.tasks.finance", "worker.tasks.auth", "worker.tasks.system", "worker.tasks.around"),
    *("worker.acknowledging", "worker.watchdog"),
)
task_default_queue = "orders"
task_routes = {
    "orders.*": {"queue": "orders"},
    "inventory.*": {"queue": "inventory"},
    "catalog.*": {"queue": "catalog"},
    "fulfillment.*": {"queue": "fulfillment"},
    "finance.*": {"queue": "fulfillment"},
    "auth.*": {"queue": "auth"},
    "system.*": {"queue": "orders"},
}

beat_scheduler = "worker.beat.Scheduler"
redbeat_redis_url = _broker["redbeat_redis_url"]
redbeat_redis_options = _broker["redbeat_redis_options"]
redbeat_key_prefix = BEAT_PREFIX
beat_max_loop_interval = 5
#: A second beat takes over when the first has been silent this long.
redbeat_lock_timeout = BEAT_LOCK_SECONDS
# A tick that waited behind an outage is worthless once the next one is due: it expires.
beat_schedule = {
    "orders.sweep": {
        "task": "orders.sweep",
        "schedule": _settings.sweep_interval,
        "options": {"expires": _settings.sweep_interval},
    },
    "inventory.watch": {
        "task": "inventory.watch",
        "schedule": _settings.stock_interval,
        "options": {"expires": _settings.stock_interval},
    },
    "inventory.sweep": {
        "task": "inventory.sweep",
        "schedule": _settings.sweep_interval,
        "options": {"expires": _settings.sweep_interval},
    },
    "catalog.sweep": {
        "task": "catalog.sweep",
        "schedule": _settings.sweep_interval,
        "options": {"expires": _settings.sweep_interval},
    },
    "fulfillment.sweep": {
        "task": "fulfillment.sweep",
        "schedule": _settings.sweep_interval,
        "options": {"expires": _settings.sweep_interval},
    },
    "auth.refresh_tokens": {"task": "auth.refresh_tokens", "schedule": 60.0, "options": {"expires": 60}},
    # Hourly, not daily: where Odoo was away, its activity comes an hour later.
    "auth.warn_expiry": {"task": "auth.warn_expiry", "schedule": 3600.0, "options": {"expires": 3600}},
    "auth.resume_links": {"task": "auth.resume_links", "schedule": 30.0, "options": {"expires": 30}},
    "system.sample": {"task": "system.sample", "schedule": 60.0, "options": {"expires": 60}},
    "system.forget_old_orders": {"task": "system.forget_old_orders", "schedule": 86400.0},
}
# What is done for every shop once in an interval comes in turns, so that hundreds of shops do not come all at once.
beat_schedule |= {
    task: {"task": task, "schedule": tick_of(interval), "options": {"expires": tick_of(interval)}}
    for task, interval in {
        "orders.poll_all": _settings.poll_interval,
        "fulfillment.watch_all": _settings.delivery_interval,
        "fulfillment.poll_all": _settings.package_interval,
        "inventory.reconcile_all": _settings.stock_reconcile_interval,
        "catalog.pull_all": _settings.catalog_interval,
        "finance.pull_all": _settings.payout_interval,
    }.items()
}
# Through each queue, since one that no worker serves is noticed by nothing else.
beat_schedule |= {
    f"system.heartbeat.{queue}": {
        "task": "system.heartbeat",
        "schedule": 10.0,
        "options": {"expires": 10, "queue": queue},
    }
    for queue in QUEUES
}
