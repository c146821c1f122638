"""Checks of the way in: does ``PUBLIC_URL`` lead to our receiver, as TikTok and the seller's browser come?"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from worker.sync.doctor.finding import Finding, fail, ok, skipped, warn
from worker.sync.doctor.probe import Answer, NoAnswerError, ask, certificate_ends
from worker.sync.runtime import Runtime

WEBHOOK_PATH = "/tiktok/webhook"
RETURN_PATH = "/tiktok/return_from_authorization"

_PROXY = "Let the reverse proxy pass all of PUBLIC_URL to `tiktok-odoo web`, and start that."


def receiver(runtime: Runtime) -> Iterator[Finding]:
    """From here, over the public address. A machine that cannot reach its own public address shows it here, too."""
    url = runtime.settings.public_url
    yield _address(url)
    yield _certificate(url)
    live = _live(url)
    yield live
    if live.state == "fail":
        yield skipped("receiver.webhook", "The receiver cannot be reached.")
        yield skipped("receiver.redirect", "The receiver cannot be reached.")
        return
    yield _webhook(url)
    yield _redirect(url)


def _address(url: str) -> Finding:
    parts, name = urlsplit(url), "receiver.address"
    faults = []
    if parts.scheme != "https":
        faults.append("not https")
    if parts.port is not None:
        faults.append("with a port")
    if _is_ip(parts.hostname or "") or "." not in (parts.hostname or ""):
        faults.append("without a domain name")
    if faults:
        text = f"PUBLIC_URL {url} is {' and '.join(faults)}, which TikTok does not accept."
        return warn(name, text, "Give the receiver a domain name with https; while you only try things out, leave it.")
    return ok(name, f"PUBLIC_URL {url} is one that TikTok accepts.")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _certificate(url: str) -> Finding:
    name = "receiver.certificate"
    if not url.startswith("https://"):
        return skipped(name, "PUBLIC_URL is not https.")
    try:
        ends = certificate_ends(url)
    except NoAnswerError as error:
        return fail(name, f"{urlsplit(url).hostname}: {error}.", "Renew the certificate of the reverse proxy.")
    days = (ends - datetime.now(UTC)).days
    text = f"The certificate is valid for {days} more days, until {ends:%Y-%m-%d}."
    if days <= 14:
        return warn(name, text, "Renew it, and see why that does not happen by itself.")
    return ok(name, text)


def _live(url: str) -> Finding:
    name, path = "receiver.live", "/healthz/live"
    try:
        answer = ask("GET", url + path)
    except NoAnswerError as error:
        return fail(name, f"{url}{path}: {error}.", f"Check PUBLIC_URL, DNS and the firewall. {_PROXY}")
    if answer.status != 200 or not _says_ok(answer):
        return fail(name, f"{url}{path} answers {answer.status}, and not as our receiver.", _PROXY)
    return ok(name, f"{url} leads to the receiver.")


def _says_ok(answer: Answer) -> bool:
    try:
        return bool(json.loads(answer.text).get("status") == "ok")
    except (ValueError, AttributeError):
        return False


def _webhook(url: str) -> Finding:
    """An unsigned webhook must be refused: that proves that the path reaches us, and that signatures are checked."""
    name, path = "receiver.webhook", WEBHOOK_PATH
    try:
        answer = ask("POST", url + path, data=b'{"from":"tiktok-odoo doctor"}')
    except NoAnswerError as error:
        return fail(name, f"{url}{path}: {error}.", _PROXY)
    if answer.status != 401:
        text = f"An unsigned webhook to {url}{path} is answered with {answer.status}, not with 401."
        return fail(name, text, f"{_PROXY} It must pass POST requests with their bodies, and answer none itself.")
    if "X-Reason" not in answer.headers:
        text = f"{url}{path} answers 401, but it is not our receiver that does."
        return fail(name, text, "Let TikTok's webhooks pass the proxy without a login.")
    return ok(name, f"{url}{path} leads to the receiver, which refuses what TikTok has not signed.")


def _redirect(url: str) -> Finding:
    name, path = "receiver.redirect", RETURN_PATH
    try:
        answer = ask("GET", url + path)
    except NoAnswerError as error:
        return fail(name, f"{url}{path}: {error}.", _PROXY)
    # Without a code there is nothing to do, which our page says with 400.
    if answer.status != 400 or "TikTok" not in answer.text:
        text = f"{url}{path} answers {answer.status}, and not as our receiver."
        return fail(name, text, f"{_PROXY} Sellers come back there without a login.")
    return ok(name, f"{url}{path} leads to the receiver.")
