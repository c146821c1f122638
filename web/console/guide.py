"""``/console/guide``: the way from TikTok's Partner Center to the first push of stock, each step checked as it is."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from web.console.guide_steps import GROUPS, steps
from web.console.parts import note, outside, runtime
from worker.errors import RetryableError
from worker.state.accounts import Account
from worker.sync.doctor import examine
from worker.sync.doctor.receiver import RETURN_PATH, WEBHOOK_PATH
from worker.sync.linking import consent_url
from worker.tiktok.scopes import SCOPES

blueprint = Blueprint("console_guide", __name__, url_prefix="/console/guide")

#: Seconds for which the page waits for Odoo and the public address.
_PATIENCE = 10.0

#: Topics as *Manage Webhook* shows them, and what each brings.
TOPICS = (
    ("Order Status Change", "orders come in within seconds; the one that is needed"),
    (
        "Product Status Change, Product Information Change, Product Creation",
        "new and changed products are mapped at once",
    ),
    ("Recipient Address Update, Package Update, Cancellation Status Change", "changes of an order are seen at once"),
    ("Seller Deauthorization", "it is told here when the seller takes the authorization back"),
)


@blueprint.get("/")
def guide() -> ResponseReturnValue:
    """All steps. What must be asked outside is loaded afterwards, or at once with ``?check=1`` (without JavaScript)."""
    account = _chosen()
    settings = runtime().settings
    findings = None
    if request.args.get("check"):
        with outside():
            findings = examine(runtime(), GROUPS, seconds=_PATIENCE)
    return render_template(
        "console/guide/guide.html",
        steps=steps(runtime(), account, findings),
        checked=findings is not None,
        account=account,
        accounts=runtime().accounts.all(),
        redirect_url=settings.public_url + RETURN_PATH,
        webhook_url=settings.public_url + WEBHOOK_PATH,
        odoo={"ODOO_URL": settings.odoo_url, "ODOO_DB": settings.odoo_db, "ODOO_USER": settings.odoo_user},
        minutes=settings.link_minutes,
        scopes=SCOPES,
        topics=TOPICS,
        blueprints=current_app.blueprints,
    )


@blueprint.get("/state")
def state() -> ResponseReturnValue:
    """The steps' states as they are now; htmx puts each where it belongs."""
    account = _chosen()
    findings = None
    with suppress(RetryableError), outside():  # too many pages look at once: this one asks again by itself
        findings = examine(runtime(), GROUPS, seconds=_PATIENCE)
    found = steps(runtime(), account, findings)
    return render_template("console/guide/state.html", steps=found, account=account, again=findings is None)


@blueprint.post("/link/<account_id>")
def link(account_id: str) -> ResponseReturnValue:
    """On to TikTok's consent page; its address works once."""
    url = consent_url(runtime(), account_id)
    note("account.link", account_id)
    return redirect(url, 303)


def _chosen() -> Account | None:
    """The account of ``?account=``; by default the first that is not linked yet, or else the last."""
    found = runtime().accounts.all()
    wanted = request.args.get("account", "")
    named = [account for account in found if account.id == wanted]
    unlinked = [account for account in found if account.authorization != "authorized"]
    return next(iter([*named, *unlinked, *reversed(found)]), None)
