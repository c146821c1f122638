"""Logging: one event a line, with the ids that an operator searches for. For people on a terminal, JSON elsewhere."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import structlog

from worker.settings import Settings

#: Libraries whose own information lines would drown ours, or hold addresses with secrets in them.
_QUIET = (
    *("urllib3", "odoorpc", "kombu", "amqp", "werkzeug", "celery.utils.functional", "redbeat.schedulers"),
    # "received" and "succeeded" for every tick; what a task did is in its own event, and Flower shows the rest
    *("celery.worker.strategy", "celery.app.trace"),
)


def is_json(settings: Settings) -> bool:
    """Whether this process logs one JSON object a line, and so must print nothing else."""
    return settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())


def configure(settings: Settings) -> None:
    """Send our events and every library's log records through one format to standard error."""
    as_json = is_json(settings)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty() and not os.environ.get("NO_COLOR"))
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *([structlog.processors.format_exc_info] if as_json else []),
            renderer,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.getLogger("celery.beat").addFilter(_no_tick)
    logging.captureWarnings(True)  # Python's warnings take several lines, none of them JSON
    _start_sentry(settings)


def _no_tick(record: logging.LogRecord) -> bool:
    """Beat would write a line for every task that it sends, several a second."""
    return record.levelno > logging.INFO or not str(record.msg).startswith("Scheduler: Sending due task")


def _start_sentry(settings: Settings) -> None:
    dsn = settings.sentry_dsn.get_secret_value()
    if not dsn:
        return
    import sentry_sdk  # noqa: PLC0415 - a heavy import that few installations need

    # Local variables would carry tokens and addresses to a third party.
    # Addresses of outgoing calls hold secrets too, so breadcrumbs of HTTP calls are dropped.
    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        before_breadcrumb=lambda crumb, _: None if crumb.get("category") in ("http", "httplib") else crumb,
    )
