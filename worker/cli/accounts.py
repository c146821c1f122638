"""``tiktok-odoo accounts``: app registrations and their authorization."""

from __future__ import annotations

from dataclasses import asdict

import click

from worker.cli.output import ask, confirm, json_option, say, show, who
from worker.sync.account_actions import (
    add_account,
    begin_link,
    change_account,
    partner_center,
    switch_account,
    take_out_account,
)
from worker.sync.runtime import get_runtime
from worker.tasks.triggers import trigger
from worker.tiktok.markets import MARKETS

_MARKET = click.Choice(list(MARKETS), case_sensitive=False)


@click.group()
def accounts() -> None:
    """TikTok accounts: an app and the seller who authorized it."""


@accounts.command()
@click.option("--name", help='A name for people, such as "TikTok Shop Indonesia".')
@click.option(
    "--market", "market_code", type=_MARKET, help="Where the seller sells; the app's target market in Partner Center."
)
@click.option("--service-id", help="Service ID of the app.")
@click.option("--app-key", help="App Key of the app.")
@click.option(
    "--app-secret",
    envvar="TIKTOK_APP_SECRET",
    help="App Secret of the app; better typed when asked for or put into TIKTOK_APP_SECRET than into the command.",
)
@json_option
def add(
    *,
    name: str | None,
    market_code: str | None,
    service_id: str | None,
    app_key: str | None,
    app_secret: str | None,
    as_json: bool,
) -> None:
    """Add an account from the app's Service ID, App Key and App Secret; asks for what is not given."""
    runtime = get_runtime()
    account = add_account(
        runtime,
        name=name or ask("Name", "--name", as_json=as_json),
        market=market_code or ask("Market", "--market", as_json=as_json, type=_MARKET),
        service_id=service_id or ask("Service ID", "--service-id", as_json=as_json),
        app_key=app_key or ask("App Key", "--app-key", as_json=as_json),
        app_secret=app_secret or ask("App Secret", "--app-secret", as_json=as_json, hide_input=True),
        by=who(),
    )
    enter = partner_center(runtime)
    say(
        {"account": account.id, **asdict(enter)},
        f"Account {account.id} is added. In Partner Center, set for this app:",
        f"  Redirect URL  {enter.redirect_url}",
        f"  Webhook URL   {enter.webhook_url}",
        f"Then link it: tiktok-odoo accounts link {account.id}",
        as_json=as_json,
    )


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


def _link(account_id: str, *, as_json: bool) -> None:
    runtime = get_runtime()
    url = begin_link(runtime, account_id, by=who())
    minutes = runtime.settings.link_minutes
    if not as_json:
        click.echo(f"Open this in the seller's browser within {minutes} minutes; it works once:", err=True)
    say({"account": account_id, "url": url, "minutes": minutes}, url, as_json=as_json)


@accounts.command()
@click.argument("account")
@json_option
def link(account: str, as_json: bool) -> None:
    """Print the address at which the seller authorizes the app (the guide's *Link with TikTok*)."""
    _link(account, as_json=as_json)


@accounts.command()
@click.argument("account")
@json_option
def reauthorize(account: str, as_json: bool) -> None:
    """Print the address at which the seller renews the authorization (the guide's *Re-Authorize App*)."""
    _link(account, as_json=as_json)


def _switch(account_id: str, enabled: bool, *, as_json: bool) -> None:
    runtime = get_runtime()
    for shop_id, kinds in switch_account(runtime, account_id, enabled, by=who()).items():
        for kind in kinds:
            trigger(runtime, kind, shop_id)
    state = "on" if enabled else "off"
    say({"account": account_id, "sync": state}, f"Account {account_id} is switched {state}.", as_json=as_json)


@accounts.command()
@click.argument("account")
@json_option
def enable(account: str, as_json: bool) -> None:
    """Switch the synchronisation of all its shops on (the guide's *TikTok Sync*)."""
    _switch(account, True, as_json=as_json)


@accounts.command()
@click.argument("account")
@json_option
def disable(account: str, as_json: bool) -> None:
    """Switch the synchronisation of all its shops off; what comes in meanwhile is kept for later."""
    _switch(account, False, as_json=as_json)


@accounts.command("set")
@click.argument("account")
@click.option("--name", help="A name for people; the account's id stays.")
@click.option("--service-id", help="Service ID of the app.")
@click.option("--app-secret", is_flag=True, help="Ask for a new App Secret, as after a reset in Partner Center.")
@json_option
def set_account(account: str, name: str | None, service_id: str | None, app_secret: bool, as_json: bool) -> None:
    """Change an account's name, Service ID or App Secret. Another App Key is another account."""
    if not (name or service_id or app_secret):
        raise click.UsageError("Nothing to set: see tiktok-odoo accounts set --help")
    # Asked for with --json as well: it may be piped in, and is best never an argument.
    secret = click.prompt("App Secret", hide_input=True, err=True) if app_secret else ""
    changed = change_account(
        get_runtime(), account, name=name or "", service_id=service_id or "", app_secret=secret, by=who()
    )
    told = f"Account {account}: {', '.join(changed) or 'nothing'} changed."
    say({"account": account, "changed": changed}, told, as_json=as_json)


@accounts.command()
@click.argument("account")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def remove(account: str, yes: bool, as_json: bool) -> None:
    """Remove an account with its shops, tokens and secret. Nothing changes in Odoo or on TikTok."""
    runtime = get_runtime()
    found = runtime.accounts.get(account)
    count = len(runtime.shops.all(found.id))
    confirm(f"Remove account {found.id} and stop its {count} shops?", yes=yes, as_json=as_json)
    take_out_account(runtime, found.id, by=who())
    say({"account": found.id, "shops": count}, f"Account {found.id} is removed.", as_json=as_json)
