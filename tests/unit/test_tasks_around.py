"""Around every task: log lines carry its ids, its time is measured, and what it counted reaches Redis."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from celery import Celery
from celery.signals import worker_process_shutdown

from tests.unit.builders import make_settings
from worker import metrics
from worker.logs import configure, is_json
from worker.metrics import ORDERS_IMPORTED, TASK_SECONDS, TASKS, count
from worker.state.metrics import read
from worker.tasks import around

log = structlog.get_logger("test")


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process in production writes."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    configure(make_settings(log_format="json"))
    yield written
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers, root.level = handlers, level


@pytest.fixture
def celery(redis: Any, monkeypatch: pytest.MonkeyPatch) -> Celery:
    """An application whose tasks run within this process."""
    metrics.take()
    monkeypatch.setattr(around, "get_runtime", lambda: type("Runtime", (), {"redis": redis}))
    app = Celery("test", broker="memory://", set_as_current=False)
    app.conf.update(task_always_eager=True, worker_hijack_root_logger=False)

    @app.task(name="test.drain", shared=False)  # no other application of these tests may know it
    def drain(shop_id: str) -> None:
        count(ORDERS_IMPORTED, 2)
        log.info("orders.drained", orders=2)
        if shop_id == "bad":
            raise ValueError("first line\nsecond line")

    return app


def events(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_every_line_within_a_task_names_it_and_its_shop(celery: Celery, lines: io.StringIO) -> None:
    done = celery.tasks["test.drain"].apply_async(["7495540735365777507"])
    log.info("between")
    first, second = (event for event in events(lines) if event["logger"] == "test")
    assert (first["event"], first["task"], first["shop"]) == ("orders.drained", "test.drain", "7495540735365777507")
    assert first["task_id"] == done.id
    assert not {"task", "task_id", "shop"} & set(second)


def test_a_task_that_fails_is_one_line_with_its_traceback(celery: Celery, lines: io.StringIO) -> None:
    celery.tasks["test.drain"].apply_async(["bad"])
    failure = events(lines)[-1]
    assert (failure["level"], failure["task"], failure["shop"]) == ("error", "test.drain", "bad")
    assert failure["task_id"]
    assert "ValueError" in failure["exception"]


def test_what_a_task_counted_is_in_redis_when_it_ends(celery: Celery, redis: Any, lines: io.StringIO) -> None:
    for shop in ("1", "2", "bad"):
        celery.tasks["test.drain"].apply_async([shop])
    found = read(redis)
    assert found.total(ORDERS_IMPORTED) == 6
    assert found.total(TASKS, task="test.drain", result="ok") == 2
    assert found.total(TASKS, task="test.drain", result="failed") == 1
    assert found.histograms[TASK_SECONDS][("test.drain",)].total == 3


def test_a_process_that_ends_hands_over_what_is_left(celery: Celery, redis: Any) -> None:
    count(ORDERS_IMPORTED)
    worker_process_shutdown.send(sender=None)
    assert read(redis).total(ORDERS_IMPORTED) == 1


def test_warnings_of_python_are_lines_of_json_too(lines: io.StringIO) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("This is\nabsolutely not recommended!", stacklevel=1)
    (event,) = events(lines)
    assert "absolutely not recommended" in event["event"]


def test_beat_does_not_write_a_line_for_every_task_that_it_sends(lines: io.StringIO) -> None:
    beat = logging.getLogger("celery.beat")
    beat.info("Scheduler: Sending due task %s (%s)", "orders.sweep", "orders.sweep")
    beat.info("beat: Acquired lock")
    assert [event["event"] for event in events(lines)] == ["beat: Acquired lock"]


@pytest.mark.parametrize(("chosen", "as_json"), [("json", True), ("console", False), ("auto", True)])
def test_a_pipe_gets_json_and_a_terminal_text(chosen: str, as_json: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())  # no terminal
    assert is_json(make_settings(log_format=chosen)) is as_json
