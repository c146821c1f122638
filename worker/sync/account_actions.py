"""What a person does with accounts: add, change, link, on or off, remove. The command line and the console share it.

Each writes the audit trail; callers send the messages.
"""

from __future__ import annotations

from dataclasses import dataclass

from worker.state.accounts import Account
from worker.state.audit import Audit
from worker.state.inbox import Trigger
from worker.sync.inventory_marks import mark_all
from worker.sync.linking import consent_url
from worker.sync.runtime import Runtime
from worker.sync.shops import remove_account
from worker.tiktok.markets import market as market_of


@dataclass(frozen=True)
class PartnerCenter:
    """What is to be entered in Partner Center for the app."""

    redirect_url: str
    webhook_url: str


def partner_center(runtime: Runtime) -> PartnerCenter:
    """The addresses of this installation."""
    base = f"{runtime.settings.public_url}/tiktok"
    return PartnerCenter(f"{base}/return_from_authorization", f"{base}/webhook")


def add_account(
    runtime: Runtime, *, name: str, market: str, service_id: str, app_key: str, app_secret: str, by: str
) -> Account:
    """Add an account from the app's Service ID, App Key and App Secret.

    :raises ConfigurationError: the name is taken, something is missing, or TikTok Shop has no such market.
    """
    account = runtime.accounts.add(
        name=name.strip(),
        market=market_of(market).code,
        service_id=service_id.strip(),
        app_key=app_key.strip(),
        app_secret=app_secret.strip(),
    )
    Audit(runtime.redis).note(by, "account.add", account.id)
    return account


def change_account(
    runtime: Runtime, account_id: str, *, name: str = "", service_id: str = "", app_secret: str = "", by: str
) -> list[str]:
    """Change what is given; answers the fields that were something else before. Another App Key is another account."""
    account = runtime.accounts.get(account_id)
    given = {"name": name.strip(), "service_id": service_id.strip(), "app_secret": app_secret.strip()}
    changes = {field: value for field, value in given.items() if value and value != getattr(account, field)}
    if changes:
        runtime.accounts.save(account.model_copy(update=changes))
        Audit(runtime.redis).note(by, "account.set", account.id, ", ".join(changes))
    return list(changes)


def begin_link(runtime: Runtime, account_id: str, *, by: str) -> str:
    """The address at which the seller authorizes the app, for the first time or anew; works once."""
    account = runtime.accounts.get(account_id)
    url = consent_url(runtime, account.id)
    action = "account.link" if account.authorization == "none" else "account.reauthorize"
    Audit(runtime.redis).note(by, action, account.id)
    return url


def switch_account(runtime: Runtime, account_id: str, enabled: bool, *, by: str) -> dict[str, tuple[Trigger, ...]]:
    """Switch the synchronisation of all its shops on or off; answers what became due, by shop."""
    account = runtime.accounts.get(account_id)
    runtime.accounts.save(account.model_copy(update={"enabled": enabled}))
    Audit(runtime.redis).note(by, "account.enable" if enabled else "account.disable", account.id)
    due: dict[str, tuple[Trigger, ...]] = {}
    for shop in runtime.shops.all(account.id) if enabled else []:
        if shop.enabled:  # nobody has watched its stock meanwhile
            due[shop.id] = ("orders", "inventory") if mark_all(runtime, shop) else ("orders",)
    return due


def take_out_account(runtime: Runtime, account_id: str, *, by: str) -> int:
    """Remove an account with its shops, tokens and secret; answers how many shops. Odoo and TikTok stay as they are."""
    account = runtime.accounts.get(account_id)
    count = len(runtime.shops.all(account.id))
    remove_account(runtime, account.id)
    Audit(runtime.redis).note(by, "account.remove", account.id, f"with {count} shops")
    return count
