"""Checks of Odoo: does it answer, does the bot get in, and does it find all that it needs and no more?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from worker.errors import ConnectorError
from worker.odoo import needs
from worker.odoo.errors import RIGHTS_REMEDY
from worker.odoo.features import features_of
from worker.odoo.gateway import OdooGateway
from worker.odoo.prepare import missing_services
from worker.odoo.products import SERVICE_CODES
from worker.sync.doctor.clocks import odoo_clock, skew
from worker.sync.doctor.finding import Finding, fail, failed_with, ok, skipped, warn
from worker.sync.doctor.probe import Answer, NoAnswerError, ask
from worker.sync.expiry import WARN_DAYS
from worker.sync.runtime import Runtime

#: The major versions that the tests have run on.
_TESTED = (14, 16, 18, 19)
#: Any Odoo answers this without a login.
_VERSION_PATH = "/web/webclient/version_info"
_AFTER_LOGIN = ("odoo.api_key", "odoo.modules", "odoo.rights", "odoo.administrator", "odoo.email", "odoo.prepare")


def odoo(runtime: Runtime) -> Iterator[Finding]:
    """From the address to the last right; what depends on what failed is skipped."""
    settings = runtime.settings
    try:
        answer = ask("POST", settings.odoo_url + _VERSION_PATH, json={"jsonrpc": "2.0", "method": "call", "params": {}})
    except NoAnswerError as error:
        text = f"Odoo at {settings.odoo_url}: {error}."
        yield fail("odoo.server", text, "Start Odoo, or correct ODOO_URL; let this machine through the firewall.")
        yield from (skipped(name, "Odoo does not answer.") for name in ("odoo.login", *_AFTER_LOGIN))
        return
    server = _server(settings.odoo_url, answer)
    yield server
    if server.state == "fail":
        yield from (skipped(name, "It is not Odoo that answers.") for name in ("odoo.login", *_AFTER_LOGIN))
        return
    yield odoo_clock("odoo.clock", skew(answer.headers, answer.sent, answer.came))
    try:
        user = needs.user_id(runtime.odoo, settings.odoo_user)
    except ConnectorError as error:
        yield failed_with("odoo.login", error)
        yield from (skipped(name, "The bot user does not get in.") for name in _AFTER_LOGIN)
        return
    yield ok("odoo.login", f"{settings.odoo_user} gets into database {settings.odoo_db}.")
    if user is not None:
        yield _api_key(runtime, user)
    yield from _contents(runtime, user)


def _server(url: str, answer: Answer) -> Finding:
    name = "odoo.server"
    if 300 <= answer.status < 400:
        target = urlsplit(answer.headers.get("Location", ""))
        there = f"{target.scheme}://{target.netloc}"
        return fail(name, f"{url} redirects to {there}.", f"Set ODOO_URL={there}")
    try:
        result = json.loads(answer.text)["result"]
        major, version = int(str(result["server_version_info"][0]).split("~")[-1]), str(result["server_version"])
    except (ValueError, LookupError, TypeError):
        text = f"What answers at {url} (HTTP {answer.status}) is not Odoo."
        return fail(name, text, "Correct ODOO_URL: Odoo's own address, without a path.")
    if _readable_on_the_way(url):
        remedy = "Use https: the bot's key goes over the network readable."
        return warn(name, f"Odoo {version} answers at {url}, without https.", remedy)
    if major not in _TESTED:
        remedy = f"Tested are Odoo {', '.join(map(str, _TESTED))}; watch the first orders closely."
        return warn(name, f"Odoo {version} answers at {url}.", remedy)
    return ok(name, f"Odoo {version} answers at {url}.")


def _readable_on_the_way(url: str) -> bool:
    """http to a public domain name; within a machine, a container network or a private one it may be meant so."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    private = host.endswith((".local", ".internal", ".lan", ".localhost")) or host.replace(".", "").isdigit()
    return parts.scheme == "http" and "." in host and not private


def _api_key(runtime: Runtime, user: int) -> Finding:
    name = "odoo.api_key"
    if not needs.looks_like_api_key(runtime.settings.odoo_password.get_secret_value()):
        remedy = "Make an API key for the bot (docs/setup.md) and put it into ODOO_PASSWORD."
        return warn(name, "ODOO_PASSWORD is a password and not an API key.", remedy)
    keys = needs.api_keys(runtime.odoo, user)
    if keys is None:
        return ok(name, "ODOO_PASSWORD is an API key; Odoo does not tell when it ends.")
    first = needs.ends_first(keys)
    if first is None:
        return ok(name, "ODOO_PASSWORD is an API key without an end.")
    key, ends = first
    days = (ends - datetime.now(UTC)).days
    which = "The bot's API key" if len(keys) == 1 else f"Of {len(keys)} API keys of the bot, {key!r}"
    text = f"{which} ends in {days} days, on {ends:%Y-%m-%d}."
    if days <= WARN_DAYS[0]:
        more = "" if len(keys) == 1 else ", and delete those that are not in use"
        return warn(name, text, f"Make a new one in time and put it into ODOO_PASSWORD{more}.")
    return ok(name, text)


def _contents(runtime: Runtime, user: int | None) -> Iterator[Finding]:
    gateway = runtime.odoo
    installed = needs.installed_modules(gateway)
    if installed is not None and (missing := needs.missing_modules(installed)):
        remedy = "Install sale_management, stock and sale_stock in Odoo."
        yield fail("odoo.modules", f"Odoo lacks {', '.join(missing)}.", remedy)
        yield from (skipped(name, "Modules are missing.") for name in _AFTER_LOGIN[2:])
        return
    yield _modules(gateway, installed)
    yield _rights(runtime, installed or set(), user)
    if user is not None:
        yield _administrator(gateway, user)
        yield _email(gateway, user)
    if kinds := missing_services(gateway):
        text = f"Odoo has no service product {' and no '.join(SERVICE_CODES[kind] for kind in kinds)}."
        yield fail("odoo.prepare", text, "Run `tiktok-odoo odoo prepare --user admin`.")
    else:
        yield ok("odoo.prepare", "The service products for shipping, fees and taxes are there.")


def _modules(gateway: OdooGateway, installed: set[str] | None) -> Finding:
    name = "odoo.modules"
    if installed is None:
        return skipped(name, "Odoo does not tell the bot user which modules are installed.")
    text = f"Installed are {', '.join(sorted(installed))}."
    if not features_of(gateway).carriers:
        remedy = "Install stock_delivery (delivery before Odoo 17), so that orders and deliveries can have a carrier."
        return warn(name, text, remedy)
    if "mrp" in installed and "sale_mrp" not in installed:
        return warn(name, text, "Install sale_mrp, which lets the bot user read kits.")
    return ok(name, text)


def _rights(runtime: Runtime, installed: set[str], user: int | None) -> Finding:
    name, gateway = "odoo.rights", runtime.odoo
    creates = any(shop.settings.create_products for shop in runtime.shops.all())
    payouts = {shop.settings.payouts for shop in runtime.shops.all()}
    missing = needs.missing_rights(gateway, installed, creates_products=creates, payouts=payouts)
    if missing:
        remedy = RIGHTS_REMEDY
        if all(" account." in each and not each.startswith("read ") for each in missing):
            remedy = (
                "Give the bot user Invoicing: Billing (for bank statement lines, Bank), or only read payouts: "
                "`tiktok-odoo shops set SHOP --payouts record`"
            )
            return fail(name, f"The bot user may not {', '.join(missing)}.", remedy)
        if all(" product." in each and not each.startswith("read ") for each in missing):
            remedy = "Give the bot user the group Products: Create, or `tiktok-odoo shops set SHOP --map-only`."
        elif all("mrp." in each for each in missing):
            remedy = "Install Odoo's module sale_mrp, which lets sales users read kits (bills of materials)."
        return fail(name, f"The bot user may not {', '.join(missing)}.", remedy)
    if user is not None and not needs.sees_all_orders(gateway, user):
        return fail(name, "The bot user sees its own orders only.", "Give it the group Sales: User: All Documents.")
    return ok(name, "The bot user may do all that orders and stock need.")


def _email(gateway: OdooGateway, user: int) -> Finding:
    name = "odoo.email"
    if needs.email_of(gateway, user):
        return ok(name, "The bot user has an e-mail address.")
    if features_of(gateway).needs_email:
        text = "The bot user has no e-mail address, without which this Odoo lets nobody write into the chatter."
        return fail(name, text, "Give the bot's contact an address in Odoo; nothing is sent to it.")
    return ok(name, "The bot user has no e-mail address, and this Odoo does not ask for one.")


def _administrator(gateway: OdooGateway, user: int) -> Finding:
    name = "odoo.administrator"
    if needs.is_administrator(gateway, user):
        remedy = "Make a bot user with the groups of docs/setup.md: who gets its key should not get all of Odoo."
        return warn(name, "The bot user is an administrator.", remedy)
    return ok(name, "The bot user is no administrator.")
