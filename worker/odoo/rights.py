"""Whether the bot user may do something with a model at all, and the error that says so."""

from __future__ import annotations

from worker.odoo.errors import RIGHTS_REMEDY, OdooRejectedError
from worker.odoo.gateway import OdooGateway


def may(gateway: OdooGateway, model: str, operation: str) -> bool:
    """Whether the bot user has the right ``operation`` (``create``, ``read``, ``write``, ``unlink``) on ``model``.

    Odoo 18 and newer call the question ``has_access``; older ones ``check_access_rights``.
    """
    try:
        return bool(gateway.call(model, "has_access", ids=[], operation=operation))
    except OdooRejectedError:
        return bool(gateway.call(model, "check_access_rights", operation=operation, raise_exception=False))


def missing_right(model: str, operation: str) -> OdooRejectedError:
    """The error for a right that the bot user lacks."""
    return OdooRejectedError(
        f"Odoo does not let the bot user {operation} records of {model}.", code="odoo_rights", remedy=RIGHTS_REMEDY
    )
