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


#: What a person does about ``odoo_rights``.
RIGHTS_REMEDY = "Give the bot user the groups that docs/setup.md lists."


def too_large(what: str) -> OdooRejectedError:
    """A proxy before Odoo takes no call of that size: the same one will never get through."""
    return OdooRejectedError(
        f"A proxy before Odoo refused {what} as too large.",
        code="odoo_too_large",
        remedy="Let it pass larger bodies; nginx: client_max_body_size 32m.",
    )


#: Texts by which PostgreSQL says that two transactions met, or that it restarts. ``load`` reports them as ordinary
#: messages of its answer.
_PASSING_TEXTS = (
    *("could not serialize access", "deadlock detected", "current transaction is aborted"),
    *("terminating connection", "server closed the connection", "connection already closed", "cursor already closed"),
    *("the database system is", "The Connection Pool Is Full"),
)
#: Exceptions of psycopg2 that mean the same; its subclasses of OperationalError have names of their own.
_PASSING_NAMES = (
    "OperationalError",
    "InterfaceError",
    "AdminShutdown",
    "CrashShutdown",
    "CannotConnectNow",
    "PoolError",
)


def is_passing(text: str) -> bool:
    """Whether ``text`` tells that the same call may succeed when repeated."""
    return any(part in text for part in _PASSING_TEXTS)


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
    if (name.startswith("psycopg2.") and name.endswith(_PASSING_NAMES)) or is_passing(message):
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
            remedy=RIGHTS_REMEDY,
        )
    lacks_field = name.endswith("ValueError") and message.startswith("Invalid field")
    if lacks_field or name.endswith(("KeyError", "AttributeError", "NotFound")) or "doesn't exist" in message:
        return OdooRejectedError(
            f"Odoo does not know {what}: {message}",
            code="odoo_module",
            remedy="Install Odoo's modules sale_management, stock, sale_stock and stock_delivery.",
        )
    return OdooRejectedError(f"Odoo refused {what}: {message}")
