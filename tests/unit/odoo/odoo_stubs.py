"""Stand-ins for Odoo: one that answers by script, and one that loads rows as Odoo's ``load`` does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

CONFLICT = "could not serialize access due to concurrent update\n"


@dataclass
class Call:
    """One call, as it came in."""

    model: str
    method: str
    ids: list[int] | None
    context: dict[str, Any] | None
    arguments: dict[str, Any]


#: Fields that the connector asks for and Odoo 19 with all modules does not have.
_GONE = {"detailed_type", "name"}


@dataclass(eq=False)
class Gateway:
    """Answers with ``answers["model.method"](call)`` and remembers every call.

    Unless a test says otherwise it has the fields of Odoo 19; being asked for them is not remembered.
    """

    answers: dict[str, Callable[[Call], Any]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def call(
        self,
        model: str,
        method: str,
        *,
        ids: Sequence[int] | None = None,
        context: Any = None,
        **arguments: Any,
    ) -> Any:
        if method == "fields_get" and f"{model}.fields_get" not in self.answers:
            return {name: {"type": "char"} for name in arguments["allfields"] if name not in _GONE}
        call = Call(model, method, None if ids is None else list(ids), context and dict(context), arguments)
        self.calls.append(call)
        return self.answers[f"{model}.{method}"](call)

    def of(self, name: str) -> list[Call]:
        return [call for call in self.calls if f"{call.model}.{call.method}" == name]


@dataclass(eq=False)
class LoadingOdoo(Gateway):
    """``load`` of one model: all rows or none, every failure a message of an ordinary answer.

    :param bad: external id → Odoo's reason; told with the record's number unless it is in ``nameless``.
    :param conflicts: how often another transaction wins first.
    """

    model: str = "sale.order"
    existing: dict[str, int] = field(default_factory=dict)
    bad: dict[str, str] = field(default_factory=dict)
    nameless: set[str] = field(default_factory=set)
    conflicts: int = 0
    may_create: bool = True

    def __post_init__(self) -> None:
        self.answers |= {f"{self.model}.load": self._load, f"{self.model}.has_access": lambda _: self.may_create}

    def _load(self, call: Call) -> dict[str, Any]:
        columns, data = call.arguments["fields"], call.arguments["data"]
        assert all(len(row) == len(columns) for row in data)
        assert all(isinstance(cell, str) for row in data for cell in row)
        names = [row[0] for row in data if row[0]]
        if self.conflicts:
            self.conflicts -= 1
            return _refused([{"type": "error", "message": CONFLICT, "record": number} for number in range(len(names))])
        messages: list[dict[str, Any]] = []
        for number, name in enumerate(names):
            if name in self.bad:
                message = {"type": "error", "message": self.bad[name]}
                messages.append(message if name in self.nameless else {**message, "record": number})
        if messages:
            return _refused(messages)
        for name in names:
            self.existing.setdefault(name, 1000 + len(self.existing))
        return {"ids": [self.existing[name] for name in names], "messages": [], "nextrow": 0}


def _refused(messages: list[dict[str, Any]]) -> dict[str, Any]:
    return {"ids": False, "messages": messages, "nextrow": 0}
