"""How far the way from the Partner Center to the first push has been gone, judged by what is there and what was found.

What only Redis knows is always told. What must be asked outside (Odoo, and whether the public address leads here) is
``checking`` until the doctor's findings are given.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from worker.state.accounts import Account
from worker.state.cursors import SILENT_AFTER, SILENT_REMEDY
from worker.state.standing import ShopStanding, look
from worker.sync.doctor import Finding
from worker.sync.runtime import Runtime
from worker.tiktok.scopes import missing_scopes

#: Groups of the doctor's checks that the steps need.
GROUPS = ("odoo", "receiver")

StepState = Literal["done", "todo", "failed", "checking"]


@dataclass(frozen=True)
class Step:
    """One step of the guide. ``key`` names its heading on the page, ``warnings`` are (what, remedy)."""

    key: str
    title: str
    state: StepState
    text: str
    remedy: str = ""
    warnings: tuple[tuple[str, str], ...] = ()


def steps(runtime: Runtime, account: Account | None, findings: Sequence[Finding] | None) -> list[Step]:
    """The eight steps for ``account`` (``None``: there is none yet).

    :param findings: the doctor's of :data:`GROUPS`; ``None`` before anybody has looked.
    """
    standing = look(runtime.redis, runtime.broker)
    ours = [each for each in standing.shops if account is not None and each.shop.account_id == account.id]
    return [
        _of_account("partner", "A Partner Center account", account, "The account in the Partner Center is there."),
        _redirect(account, findings),
        _scopes(runtime, account),
        _webhook(runtime, ours, findings),
        _of_account("keys", "Service ID, App Key and App Secret", account, "The app's keys are kept here, encrypted."),
        _odoo(findings),
        _link(account, len(ours), standing.heartbeat_age),
        _catalogue(ours),
    ]


def _of_account(key: str, title: str, account: Account | None, text: str) -> Step:
    if account is None:
        return Step(key, title, "todo", "This cannot be seen from here; it counts as done once the keys are entered.")
    return Step(key, title, "done", text)


def _redirect(account: Account | None, findings: Sequence[Finding] | None) -> Step:
    key, title = "app", "The app and its Redirect URL"
    step = _of_findings(key, title, findings, ("receiver.address", "receiver.live", "receiver.redirect"))
    if step.state != "done" or account is not None:
        return step
    return Step(key, title, "todo", "The Redirect URL leads here. Create the app.", warnings=step.warnings)


def _scopes(runtime: Runtime, account: Account | None) -> Step:
    key, title = "scopes", "The scopes"
    grant = None
    if account is not None and account.authorization == "authorized":
        grant = runtime.tiktok.tokens.load(account.id)
    if grant is None:
        return Step(key, title, "todo", "TikTok tells which scopes were granted when the app is linked.")
    if not grant.granted_scopes:
        return Step(key, title, "done", "TikTok does not tell which scopes were granted; the app is linked.")
    missing = [scope for scope in missing_scopes(grant.granted_scopes) if scope.without]
    if not missing:
        return Step(key, title, "done", "Every scope that is needed was granted.")
    text = "; ".join(f"without {scope.name} {scope.without}" for scope in missing)
    remedy = "Enable it under Manage API, then use Re-Authorize App: a new scope counts only after that."
    return Step(key, title, "failed", f"{text[0].upper()}{text[1:]}.", remedy)


def _webhook(runtime: Runtime, shops: Sequence[ShopStanding], findings: Sequence[Finding] | None) -> Step:
    key, title = "webhook", "The webhook"
    names = ("receiver.live", "receiver.webhook", "receiver.certificate")
    step = _of_findings(key, title, findings, names)
    if step.state != "done":
        return step
    ours = {each.shop.id for each in shops}
    if any(event.shop_id in ours for event in runtime.inbox.latest(1000)):
        return Step(key, title, "done", "TikTok's webhooks come in.", warnings=step.warnings)
    text = "The Webhook URL leads here, and what TikTok has not signed is refused. No webhook of TikTok's came yet."
    return Step(key, title, "todo", text, warnings=step.warnings)


def _odoo(findings: Sequence[Finding] | None) -> Step:
    names = [finding.name for finding in findings or [] if finding.group == "odoo"]
    return _of_findings("odoo", "The connection to Odoo", findings, names or ["odoo.login"])


def _link(account: Account | None, shops: int, heartbeat_age: float | None) -> Step:
    key, title = "link", "Link with TikTok"
    if account is not None and account.authorization == "authorized":
        return Step(key, title, "done", f"Linked, with {shops} {'shop' if shops == 1 else 'shops'}.")
    if account is not None and account.authorization == "needed":
        remedy = "Use Re-Authorize App and let the shop's owner log in."
        return Step(
            key, title, "failed", account.authorization_reason or "TikTok accepts the tokens no longer.", remedy
        )
    if heartbeat_age is None or heartbeat_age > SILENT_AFTER:
        remedy = f"{SILENT_REMEDY} A worker trades the seller's consent for tokens."
        return Step(key, title, "failed", "No worker works, so linking would come to no end.", remedy)
    if account is None:
        return Step(key, title, "todo", "Enter the app's keys first.")
    return Step(key, title, "todo", "All that is left is the seller's consent.")


def _catalogue(shops: Sequence[ShopStanding]) -> Step:
    key, title = "catalogue", "The catalogue and the first push of stock"
    if not shops:
        return Step(key, title, "todo", "Begins by itself when the app is linked.")
    skus = sum(each.skus for each in shops)
    if not skus:
        return Step(key, title, "todo", "The shops' product lists are read; nothing is listed yet.")
    text = f"{skus - sum(each.unmapped for each in shops)} of {skus} SKUs are mapped."
    asking = [each.shop.name for each in shops if each.shop.enabled and each.shop.settings.push_stock == "ask"]
    if asking:
        return Step(key, title, "todo", f"{text} The first push of stock is to be agreed to: {', '.join(asking)}.")
    return Step(key, title, "done", f"{text} Stock is set up.")


def _of_findings(key: str, title: str, findings: Sequence[Finding] | None, names: Collection[str]) -> Step:
    """What the findings of those names say together: the first failure, or that all is well."""
    if findings is None:
        return Step(key, title, "checking", "Looking …")
    found = [finding for finding in findings if finding.name in names]
    failed = [finding for finding in found if finding.state == "fail"]
    if failed or not found:
        first = failed[0] if failed else None
        return Step(
            key, title, "failed", first.text if first else "Nothing was found out.", first.remedy if first else ""
        )
    warnings = tuple((finding.text, finding.remedy) for finding in found if finding.state == "warn")
    told = [finding.text for finding in found if finding.state == "ok"]
    return Step(key, title, "done", told[-1] if key != "odoo" else " ".join(told[:1]), warnings=warnings)
