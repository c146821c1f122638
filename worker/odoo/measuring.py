"""What every call to Odoo counts, whatever carries it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from worker.errors import ConnectorError
from worker.metrics import ODOO_CALL_SECONDS, ODOO_CALLS, count, observe


@contextmanager
def measured(model: str, method: str) -> Iterator[None]:
    """Count the call within, with its outcome (``ok`` or the error's code) and how long it took (seconds)."""
    started = time.monotonic()
    result = "ok"
    try:
        yield
    except ConnectorError as error:
        result = error.code
        raise
    finally:
        count(ODOO_CALLS, call=f"{model}.{method}", result=result)
        observe(ODOO_CALL_SECONDS, time.monotonic() - started)
