"""Counts the calls to Odoo and to TikTok that a piece of work makes, by kind."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sandbox.client import SandboxControl
from worker.odoo.gateway import OdooGateway

#: TikTok's code of *too many requests*, which it answers with HTTP status 429.
TOO_MANY_REQUESTS = "36009002"


class CountingOdoo:
    """A gateway that passes every call on to another and counts it as ``model.method``; neither logins nor the
    hourly look at what fields Odoo has are counted."""

    def __init__(self, gateway: OdooGateway) -> None:
        self.wrapped = gateway
        self.calls: Counter[str] = Counter()

    def call(self, model: str, method: str, **arguments: Any) -> Any:
        """See :meth:`worker.odoo.gateway.OdooGateway.call`."""
        if method != "fields_get":
            self.calls[f"{model}.{method}"] += 1
        return self.wrapped.call(model, method, **arguments)


class TikTokCalls:
    """Calls that the simulator answered or refused since the last look, as the simulator itself counts them."""

    def __init__(self, control: SandboxControl) -> None:
        self._control = control
        self._before: Counter[str] = Counter()
        self.since()

    def since(self) -> Counter[str]:
        """Calls by API since this was asked last; a refused one has its code behind its name."""
        told = self._control.calls()
        now = Counter(told["answered"]) + Counter(told["refused"])
        new = now - self._before
        self._before = now
        return new


def updates(calls: Counter[str]) -> int:
    """How many of ``calls`` set stock (*Update Inventory*) and were answered."""
    return sum(count for name, count in calls.items() if name.endswith("/inventory/update"))


def too_many(calls: Counter[str]) -> int:
    """How many of ``calls`` were refused because there were too many."""
    return sum(count for name, count in calls.items() if TOO_MANY_REQUESTS in name)
