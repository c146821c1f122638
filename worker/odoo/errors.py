"""Odoo's faults as the connector's errors: wait, change a setting, or leave this record alone."""

from __future__ import annotations

from worker.errors import ConfigurationError, PermanentError, RetryableError


class OdooUnavailableError(RetryableError):
    """Odoo or its database does not answer, or two transactions met. Only idempotent calls may be repeated."""

    code = "odoo_unavailable"


class OdooLoginError(ConfigurationError):
    """Odoo refuses the bot user: wrong database, login, password or an expired API key."""

    code = "odoo_login"


class OdooRejectedError(PermanentError):
    """Odoo refuses this call: a business rule, a missing right, a value that cannot be."""

    code = "odoo_refused"


#: Texts by which PostgreSQL says that two transactions met. ``load`` reports them as ordinary messages of its answer.
SERIALIZATION_TEXTS = ("could not serialize access", "deadlock detected", "current transaction is aborted")


def is_serialization_failure(text: str) -> bool:
    """Whether ``text`` tells that the same call may succeed when repeated."""
    return any(part in text for part in SERIALIZATION_TEXTS)


def in_one_line(text: str) -> str:
    """The first paragraph of a text that Odoo wrote for a dialogue; what follows names users and groups."""
    return " ".join(text.strip().partition("\n\n")[0].split())


def error_for(name: str, message: str, what: str) -> OdooUnavailableError | OdooLoginError | OdooRejectedError:
    """The connector's error for an exception of Odoo.

    :param name: the exception's class as Odoo tells it, such as ``odoo.exceptions.UserError``.
    :param message: Odoo's own text, which is meant for people.
    :param what: the call, as ``sale.order.load``.
    """
    message = in_one_line(message)
    if name.startswith("psycopg2.OperationalError") or is_serialization_failure(message):
        return OdooUnavailableError(f"Odoo's database did not serve {what}: {message}")
    if name.endswith("AccessDenied"):
        return OdooLoginError(
            "Odoo refuses the bot user's login or API key.",
            remedy="Check ODOO_DB, ODOO_USER and ODOO_PASSWORD; API keys of ordinary users end after 90 days at most.",
        )
    if name.endswith("AccessError"):
        return OdooRejectedError(
            f"Odoo refuses {what}: {message}",
            code="odoo_rights",
            remedy="Give the bot user the groups that docs/setup.md lists.",
        )
    if name.endswith(("KeyError", "AttributeError", "NotFound")) or "doesn't exist" in message:
        return OdooRejectedError(
            f"Odoo does not know {what}: {message}",
            code="odoo_module",
            remedy="Install Odoo's modules sale_management, stock, sale_stock and stock_delivery.",
        )
    return OdooRejectedError(f"Odoo refused {what}: {message}")
