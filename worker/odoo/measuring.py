"""What every call to Odoo counts, whatever carries it, and how long those of one piece of work take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from worker.errors import ConnectorError
from worker.metrics import ODOO_CALL_SECONDS, ODOO_CALLS, count, observe
from worker.odoo.gateway import OdooGateway


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


class Timed:
    """A gateway that remembers how long its longest call took (``longest``, seconds), answered or not."""

    def __init__(self, gateway: OdooGateway) -> None:
        self.wrapped = gateway
        self.longest = 0.0

    def call(self, model: str, method: str, **arguments: Any) -> Any:
        """See :meth:`worker.odoo.gateway.OdooGateway.call`."""
        started = time.monotonic()
        try:
            return self.wrapped.call(model, method, **arguments)
        finally:
            self.longest = max(self.longest, time.monotonic() - started)
