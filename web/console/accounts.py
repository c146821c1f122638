"""``/console/accounts``: app registrations, their authorization, and the shops (marketplaces) that each covers."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from web.console.parts import operator, runtime, trigger
from worker.errors import ConfigurationError
from worker.state.accounts import Account
from worker.sync import account_actions
from worker.tiktok.markets import MARKETS
from worker.tiktok.tokens import token_lives

blueprint = Blueprint("console_accounts", __name__, url_prefix="/console/accounts")

_LENGTH = Length(max=200)


class NewAccountForm(FlaskForm):
    """An app as Partner Center shows it."""

    name = StringField("Name", [InputRequired(), _LENGTH])
    market = SelectField("Market", choices=[(each.code, f"{each.code} ({each.currency})") for each in MARKETS.values()])
    service_id = StringField("Service ID", [InputRequired(), _LENGTH])
    app_key = StringField("App Key", [InputRequired(), _LENGTH])
    app_secret = PasswordField("App Secret", [InputRequired(), _LENGTH])


class AccountForm(FlaskForm):
    """What of an account can be changed. Another App Key is another account."""

    name = StringField("Name", [InputRequired(), _LENGTH])
    service_id = StringField("Service ID", [InputRequired(), _LENGTH])
    app_secret = PasswordField("New App Secret", [_LENGTH])


def _account(account_id: str) -> Account:
    found = next((each for each in runtime().accounts.all() if each.id == account_id), None)
    if found is None:
        abort(404, "There is no such account; it may have been removed.")
    return found


def _days_left(account_ids: list[str]) -> dict[str, float | None]:
    """Days until the authorization of each account ends, by its id; ``None`` where TikTok told no end."""
    now = datetime.now(UTC)
    return {one: life.days_left(now) for one, life in token_lives(runtime().tiktok.tokens, account_ids).items()}


@blueprint.get("")
def accounts() -> ResponseReturnValue:
    """All accounts and shops."""
    known = runtime().accounts.all()
    left = _days_left([each.id for each in known])
    shops = runtime().shops.all()
    polled = {shop.id: _last_poll(shop.id) for shop in shops}
    return render_template(
        "console/accounts/accounts.html", accounts=known, left=left, shops=shops, polled=polled, account=None
    )


def _last_poll(shop_id: str) -> datetime | None:
    stamp = runtime().cursors.last_poll(shop_id)
    return None if stamp is None else datetime.fromtimestamp(stamp, UTC)


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """The form of *New account*."""
    return _new_page(NewAccountForm())


def _new_page(form: NewAccountForm, status: int = 200, error: ConfigurationError | None = None) -> ResponseReturnValue:
    addresses = account_actions.partner_center(runtime())
    return render_template("console/accounts/new.html", form=form, addresses=addresses, error=error), status


@blueprint.post("/new")
def add() -> ResponseReturnValue:
    """Add the account; its page says what comes next."""
    form = NewAccountForm()
    if not form.validate():
        return _new_page(form, 400)
    values = {name: str(form[name].data) for name in ("name", "market", "service_id", "app_key", "app_secret")}
    try:
        account = account_actions.add_account(runtime(), **values, by=operator().name)
    except ConfigurationError as error:
        return _new_page(form, 400, error)
    flash(f"Account {account.name} is added. Enter the two addresses in Partner Center, then link it.", "done")
    return redirect(url_for(".account", account_id=account.id), 303)


@blueprint.get("/<account_id>")
def account(account_id: str) -> ResponseReturnValue:
    """One account: authorization, marketplaces, what to enter in Partner Center."""
    found = _account(account_id)
    form = AccountForm(formdata=None, data={"name": found.name, "service_id": found.service_id})
    return _account_page(found, form)


def _account_page(found: Account, form: AccountForm, status: int = 200, link: str = "") -> ResponseReturnValue:
    shops = runtime().shops.all(found.id)
    return render_template(
        "console/accounts/account.html",
        account=found,
        form=form,
        left=_days_left([found.id]),
        shops=shops,
        polled={shop.id: _last_poll(shop.id) for shop in shops},
        addresses=account_actions.partner_center(runtime()),
        link=link,
        link_minutes=runtime().settings.link_minutes,
    ), status


@blueprint.post("/<account_id>")
def change(account_id: str) -> ResponseReturnValue:
    """Change name, Service ID or App Secret."""
    found, form = _account(account_id), AccountForm()
    if not form.validate():
        return _account_page(found, form, 400)
    changed = account_actions.change_account(
        runtime(),
        found.id,
        name=str(form.name.data),
        service_id=str(form.service_id.data),
        app_secret=str(form.app_secret.data or ""),
        by=operator().name,
    )
    words = {"name": "the name", "service_id": "the Service ID", "app_secret": "the App Secret"}
    if changed:
        flash(f"Saved: {', '.join(words[field] for field in changed)}.", "done")
    else:
        flash("Nothing was changed.", "note")
    return redirect(url_for(".account", account_id=found.id), 303)


@blueprint.post("/<account_id>/link")
def link(account_id: str) -> ResponseReturnValue:
    """*Link with TikTok* and *Re-Authorize App*: on to TikTok's consent page, or show its address for the seller."""
    found = _account(account_id)
    url = account_actions.begin_link(runtime(), found.id, by=operator().name)
    if request.form.get("show"):  # works once and is a secret until then: in no address of ours, and in no cookie
        form = AccountForm(formdata=None, data={"name": found.name, "service_id": found.service_id})
        return _account_page(found, form, link=url)
    return redirect(url, 303)


@blueprint.post("/<account_id>/switch")
def switch(account_id: str) -> ResponseReturnValue:
    """Switch the synchronisation of all its shops on or off."""
    found, enabled = _account(account_id), request.form.get("on") == "yes"
    due = account_actions.switch_account(runtime(), found.id, enabled, by=operator().name)
    for shop_id, kinds in due.items():
        for kind in kinds:
            trigger(kind, shop_id)
    follows = "What came in meanwhile is worked on now." if enabled else "What comes in meanwhile is kept for later."
    flash(f"Account {found.name} is switched {'on' if enabled else 'off'}. {follows}", "done")
    return redirect(url_for(".account", account_id=found.id), 303)


@blueprint.get("/<account_id>/remove")
def ask_to_remove(account_id: str) -> ResponseReturnValue:
    """Ask first, and say what stays."""
    found = _account(account_id)
    return render_template("console/accounts/remove.html", account=found, shops=runtime().shops.all(found.id))


@blueprint.post("/<account_id>/remove")
def remove(account_id: str) -> ResponseReturnValue:
    """Remove the account with its shops, tokens and secret."""
    found = _account(account_id)
    count = account_actions.take_out_account(runtime(), found.id, by=operator().name)
    flash(f"Account {found.name} and its {count} shops are removed.", "done")
    return redirect(url_for(".accounts"), 303)
