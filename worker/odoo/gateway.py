"""The one way into Odoo: call a model's method with named arguments. Nothing above it knows the transport."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

Context = Mapping[str, Any]


class OdooGateway(Protocol):
    """Calls methods of Odoo's models. Each call is one transaction in Odoo."""

    def call(
        self,
        model: str,
        method: str,
        *,
        ids: Sequence[int] | None = None,
        context: Context | None = None,
        **arguments: Any,
    ) -> Any:
        """Call ``model.method`` on the records ``ids`` (``None`` for a method of the model itself).

        Arguments are named as in Odoo's source, since JSON-2 knows no positions.

        :raises OdooUnavailableError: no answer, or a conflict of transactions; repeat only what is idempotent.
        :raises OdooLoginError: the bot user is refused.
        :raises OdooRejectedError: Odoo refuses the call itself.
        """
        ...


def search_read(
    gateway: OdooGateway,
    model: str,
    domain: Sequence[Any],
    fields: Sequence[str],
    *,
    context: Context | None = None,
    limit: int | None = None,
    order: str = "id",
) -> list[dict[str, Any]]:
    """The records of ``model`` that match ``domain``, as dictionaries of ``fields`` and ``id``."""
    records = gateway.call(
        model, "search_read", domain=list(domain), fields=list(fields), limit=limit, order=order, context=context
    )
    return list(records)


def relation_id(value: Any) -> int | None:
    """The id in a many2one value, which Odoo answers as ``[id, name]`` or ``False``."""
    return int(value[0]) if value else None


def chunks(values: Iterable[str], size: int) -> Iterable[list[str]]:
    """``values`` in lists of ``size``."""
    values = list(values)
    for start in range(0, len(values), size):
        yield values[start : start + size]
