"""What happens around every task: each log line says which task and shop, and what it counted goes to Redis."""

from __future__ import annotations

import inspect
import time
from typing import Any

import structlog
from celery.signals import task_postrun, task_prerun, worker_process_shutdown

from worker.metrics import TASK_SECONDS, TASKS, count, observe
from worker.state.metrics import hand_over
from worker.sync.runtime import get_runtime

_RESULTS = {"SUCCESS": "ok", "RETRY": "retry", "FAILURE": "failed"}
#: When the task of this process began (a worker's process does one at a time), on the monotonic clock.
_began: dict[str, float] = {}


@task_prerun.connect
def _begin(task_id: str, task: Any, args: Any, **_: Any) -> None:
    _began[task_id] = time.monotonic()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id, **_ids(task, args or ()))


@task_postrun.connect
def _end(task_id: str, task: Any, state: str | None = None, **_: Any) -> None:
    structlog.contextvars.clear_contextvars()
    if (began := _began.pop(task_id, None)) is not None:
        observe(TASK_SECONDS, time.monotonic() - began, task=task.name)
    count(TASKS, task=task.name, result=_RESULTS.get(state or "", "failed"))
    hand_over(get_runtime().redis)


@worker_process_shutdown.connect
def _leave(**_: Any) -> None:
    hand_over(get_runtime().redis)


def _ids(task: Any, args: Any) -> dict[str, str]:
    """The task's arguments, which are ids, under the names by which all events tell them: ``shop``, ``link``."""
    names = [name for name in inspect.signature(task.run).parameters if name.endswith("_id")]
    return {name.removesuffix("_id"): str(value) for name, value in zip(names, args, strict=False)}
