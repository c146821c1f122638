"""A gateway with a memory, for questions whose answers hardly ever change: countries, states, pricelists."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

from worker.odoo.gateway import OdooGateway

_MOST = 1000


class Remembering:
    """Answers a question that was asked before from memory. An empty answer is not kept: what a person then adds in
    Odoo counts at once. Ask only what may be old, since whoever relies on it is told by Odoo when it is.

    :param seconds: for which an answer is kept.
    """

    def __init__(self, gateway: OdooGateway, *, seconds: float = 300.0) -> None:
        self.wrapped = gateway
        self._seconds = seconds
        self._answers: dict[str, tuple[float, Any]] = {}

    def call(self, model: str, method: str, **arguments: Any) -> Any:
        """See :meth:`worker.odoo.gateway.OdooGateway.call`; for methods that only read."""
        question = json.dumps([model, method, arguments], sort_keys=True)
        ends, answer = self._answers.get(question, (0.0, None))
        if time.monotonic() >= ends:
            answer = self.wrapped.call(model, method, **arguments)
            if answer:
                if len(self._answers) >= _MOST:
                    self._answers.clear()
                self._answers[question] = time.monotonic() + self._seconds, answer
        return copy.deepcopy(answer)
