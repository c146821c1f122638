"""``tiktok-odoo accounts``: app registrations and their authorization."""

from __future__ import annotations

import click

from worker.cli.output import json_option, show
from worker.sync.linking import consent_url
from worker.sync.runtime import get_runtime
from worker.sync.shops import remove_account
from worker.tiktok.markets import MARKETS, market


@click.group()
def accounts() -> None:
    """TikTok accounts: an app of the Partner Center and the seller who authorized it."""


@accounts.command()
@click.option("--name", required=True, prompt=True, help='A name for people, such as "TikTok Shop Indonesia".')
@click.option(
    "--market", "market_code", required=True, prompt=True, type=click.Choice(list(MARKETS), case_sensitive=False)
)
@click.option("--service-id", required=True, prompt=True, help="Service ID of the app.")
@click.option("--app-key", required=True, prompt=True, help="App Key of the app.")
@click.option(
    "--app-secret",
    required=True,
    prompt=True,
    hide_input=True,
    envvar="TIKTOK_APP_SECRET",
    help="App Secret of the app; better typed at the prompt or put into TIKTOK_APP_SECRET than into the command.",
)
def add(name: str, market_code: str, service_id: str, app_key: str, app_secret: str) -> None:
    """Add an account from the app's Service ID, App Key and App Secret."""
    runtime = get_runtime()
    account = runtime.accounts.add(
        name=name,
        market=market(market_code).code,
        service_id=service_id.strip(),
        app_key=app_key.strip(),
        app_secret=app_secret.strip(),
    )
    url = runtime.settings.public_url
    click.echo(f"Account {account.id} is added. In Partner Center, set for this app:")
    click.echo(f"  Redirect URL  {url}/tiktok/return_from_authorization")
    click.echo(f"  Webhook URL   {url}/tiktok/webhook")
    click.echo(f"Then link it: tiktok-odoo accounts link {account.id}")


@accounts.command("list")
@json_option
def list_accounts(as_json: bool) -> None:
    """Show all accounts and whether each is authorized."""
    runtime = get_runtime()
    rows = [
        (
            account.id,
            account.name,
            account.market,
            account.app_key,
            account.authorization,
            "on" if account.enabled else "off",
            len(runtime.shops.all(account.id)),
            account.authorization_reason,
        )
        for account in runtime.accounts.all()
    ]
    columns = ("account", "name", "market", "app_key", "authorization", "sync", "shops", "reason")
    show(columns, rows, as_json=as_json, empty="There is no account yet: tiktok-odoo accounts add")


def _link(account_id: str) -> None:
    runtime = get_runtime()
    url = consent_url(runtime, account_id)
    minutes = runtime.settings.link_minutes
    click.echo(f"Open this in the seller's browser within {minutes} minutes; it works once:", err=True)
    click.echo(url)


@accounts.command()
@click.argument("account")
def link(account: str) -> None:
    """Print the address at which the seller authorizes the app (the guide's *Link with TikTok*)."""
    _link(account)


@accounts.command()
@click.argument("account")
def reauthorize(account: str) -> None:
    """Print the address at which the seller renews the authorization (the guide's *Re-Authorize App*)."""
    _link(account)


def _change(account_id: str, **changes: object) -> None:
    runtime = get_runtime()
    runtime.accounts.save(runtime.accounts.get(account_id).model_copy(update=changes))


@accounts.command()
@click.argument("account")
def enable(account: str) -> None:
    """Switch the synchronisation of all its shops on (the guide's *TikTok Sync*)."""
    _change(account, enabled=True)
    click.echo(f"Account {account} is switched on.")


@accounts.command()
@click.argument("account")
def disable(account: str) -> None:
    """Switch the synchronisation of all its shops off; what comes in meanwhile is kept for later."""
    _change(account, enabled=False)
    click.echo(f"Account {account} is switched off.")


@accounts.command("set")
@click.argument("account")
@click.option("--name", help="A name for people; the account's id stays.")
@click.option("--service-id", help="Service ID of the app.")
@click.option("--app-secret", is_flag=True, help="Ask for a new App Secret, as after a reset in Partner Center.")
def set_account(account: str, name: str | None, service_id: str | None, app_secret: bool) -> None:
    """Change an account's name, Service ID or App Secret. Another App Key is another account."""
    changes = {"name": name, "service_id": service_id.strip() if service_id else None}
    if app_secret:
        changes["app_secret"] = click.prompt("App Secret", hide_input=True).strip()
    changes = {field: value for field, value in changes.items() if value}
    if not changes:
        raise click.UsageError("Nothing to set: see tiktok-odoo accounts set --help")
    _change(account, **changes)
    click.echo(f"Account {account}: {', '.join(changes)} changed.")


@accounts.command()
@click.argument("account")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(account: str, yes: bool) -> None:
    """Remove an account with its shops, tokens and secret. Nothing changes in Odoo or on TikTok."""
    runtime = get_runtime()
    found = runtime.accounts.get(account)
    count = len(runtime.shops.all(found.id))
    if not yes:
        click.confirm(f"Remove account {found.id} and stop its {count} shops?", abort=True)
    remove_account(runtime, found.id)
    click.echo(f"Account {found.id} is removed.")
