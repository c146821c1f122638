"""Who gets in: every address is closed unless it is named here, and every change needs the form's CSRF token."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect, FlaskForm
from limits import RateLimitItem, parse
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter
from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from web.console.parts import note, operator
from web.receiver import receiver
from worker.settings import Settings
from worker.state.audit import Audit
from worker.state.connection import key
from worker.state.operators import SHORTEST_PASSWORD, Operators
from worker.state.sessions import Sessions

blueprint = Blueprint("access", __name__, url_prefix="/console")

#: Endpoints that anybody may call. TikTok signs its webhooks; the rest tells nothing.
OPEN = {
    *("static", "webhooks.webhook", "oauth.returned", "oauth.outcome", "health.live", "health.ready"),
    *("metrics.metrics", "home", "access.login", "access.log_in"),
}
#: What a viewer may post, too: it concerns nobody else.
OWN = {"access.log_out", "access.change_password"}

#: Wrong passwords before nobody is listened to for a while. The last is high: it locks out the right person, too.
_PER_NAME_AND_ADDRESS = parse("10 per 15 minutes")
_PER_ADDRESS = parse("30 per 15 minutes")
_PER_NAME = parse("200 per 15 minutes")

csrf = CSRFProtect()


class LoginForm(FlaskForm):
    """Name and password."""

    name = StringField("Name", [InputRequired(), Length(max=64)])
    password = PasswordField("Password", [InputRequired(), Length(max=1024)])


class PasswordForm(FlaskForm):
    """A change of one's own password."""

    present = PasswordField("Present password", [InputRequired(), Length(max=1024)])
    new = PasswordField("New password", [InputRequired(), Length(min=SHORTEST_PASSWORD, max=1024)])
    again = PasswordField("New password, again", [InputRequired(), EqualTo("new", "The two are not the same.")])


def protect(app: Flask, settings: Settings) -> None:
    """Close ``app`` to everybody who is not logged in, save for :data:`OPEN`."""
    first, *others = _signing_keys(settings)
    app.config.update(
        SECRET_KEY=first,
        SECRET_KEY_FALLBACKS=others,
        SESSION_COOKIE_NAME="tiktok_odoo_console",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
        PERMANENT_SESSION_LIFETIME=timedelta(minutes=settings.console_session_minutes),
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        WTF_CSRF_SSL_STRICT=False,  # it needs a Referer, which privacy tools leave out; the token is what counts
    )
    csrf.init_app(app)
    app.before_request(_let_in)
    app.register_blueprint(blueprint)


def _signing_keys(settings: Settings) -> list[bytes]:
    """Keys that sign cookies, made from one of ``SECRET_KEYS``: the first signs; all are good while keys rotate."""
    keys = [part.strip() for part in settings.secret_keys.get_secret_value().split(",") if part.strip()]
    return [hmac.digest(each.encode(), b"console cookies", "sha256") for each in keys]


def sessions() -> Sessions:
    """The sessions of this installation."""
    parts = receiver()
    return Sessions(parts.redis, operators(), idle=parts.settings.console_session_minutes * 60)


def operators() -> Operators:
    """The operators of this installation."""
    return Operators(receiver().redis)


def _let_in() -> ResponseReturnValue | None:
    """Before each request: who is it, and may they?"""
    if request.endpoint in OPEN or request.endpoint is None:  # no endpoint: it becomes a 404
        return None
    by_itself = "HX-Request" in request.headers
    found = sessions().operator(session.get("token", ""), extend=not by_itself)
    if found is None:
        return _to_login(by_itself)
    g.operator = found
    if request.method not in ("GET", "HEAD", "OPTIONS") and not found.may_change and request.endpoint not in OWN:
        abort(403, "You may look at everything and change nothing. Somebody with the role operator can do this.")
    return None


def _to_login(by_itself: bool) -> ResponseReturnValue:
    if by_itself:  # a part of a page that was left open
        return Response(status=401, headers={"HX-Redirect": url_for("access.login")})
    if request.method != "GET":
        flash("You were logged out meanwhile, so nothing was changed. Log in and press the button again.", "failed")
        return redirect(url_for("access.login"), 303)
    here = request.full_path.rstrip("?")
    return redirect(url_for("access.login", next=here), 303)


@blueprint.get("/login")
def login() -> ResponseReturnValue:
    """The form."""
    return _login_page(LoginForm())


@blueprint.post("/login")
def log_in() -> ResponseReturnValue:
    """Begin a session; who guesses passwords is soon not listened to."""
    form = LoginForm()
    if not form.validate():
        return _login_page(form, 400)
    name, address = str(form.name.data).strip().lower(), request.remote_addr or "unknown"
    if not _may_try(name, address):
        Audit(receiver().redis).note(_shown(name), "login.throttled")
        return _login_page(form, 429, "Too many wrong passwords. Wait a quarter of an hour.")
    found = operators().check(name, str(form.password.data))
    if found is None:
        _tried(name, address)
        Audit(receiver().redis).note(_shown(name), "login.refused")
        return _login_page(form, 403, "There is no operator with this name and password.")
    session.clear()
    session["token"] = sessions().begin(found)
    session.permanent = True
    Audit(receiver().redis).note(found.name, "login")
    return redirect(_own_page(request.args.get("next", "")), 303)


def _login_page(form: LoginForm, status: int = 200, error: str = "") -> ResponseReturnValue:
    nobody = not operators().all()
    return render_template("console/access/login.html", form=form, error=error, nobody=nobody), status


def _own_page(path: str) -> str:
    """``path``, if it is one of the console's own; a login never leads to another site."""
    parts = urlsplit(path)
    own = path.startswith("/console") and not parts.scheme and not parts.netloc and "\\" not in path
    return request.root_path + path if own else url_for("console_overview.home")


def _shown(name: str) -> str:
    """A name that somebody typed, as it may stand in the trail; a password typed into the wrong field may not."""
    return name if operators().find(name) is not None else "somebody"


def _throttle() -> FixedWindowRateLimiter:
    found: FixedWindowRateLimiter | None = current_app.extensions.get("throttle")
    if found is None:
        pool = receiver().redis.connection_pool
        storage = RedisStorage("redis://", connection_pool=pool, key_prefix=key("throttle"))
        found = current_app.extensions["throttle"] = FixedWindowRateLimiter(storage)
    return found


def _may_try(name: str, address: str) -> bool:
    throttle = _throttle()
    return all(throttle.test(limit, *words) for limit, words in _limits(name, address))


def _tried(name: str, address: str) -> None:
    for limit, words in _limits(name, address):
        _throttle().hit(limit, *words)


def _limits(name: str, address: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
    digest = hashlib.sha256(name.encode()).hexdigest()[:32]
    return [
        (_PER_NAME_AND_ADDRESS, ("pair", digest, address)),
        (_PER_ADDRESS, ("address", address)),
        (_PER_NAME, ("name", digest)),
    ]


@blueprint.post("/logout")
def log_out() -> ResponseReturnValue:
    """End the session, here and in Redis."""
    sessions().end(session.get("token", ""))
    note("logout")
    session.clear()
    return redirect(url_for("access.login"), 303)


@blueprint.get("/password")
def password() -> ResponseReturnValue:
    """The form to change one's own password."""
    return render_template("console/access/password.html", form=PasswordForm())


@blueprint.post("/password")
def change_password() -> ResponseReturnValue:
    """Change one's own password; every other session of this operator ends."""
    form, name = PasswordForm(), operator().name
    if form.validate():
        found = None
        if _may_try(name, request.remote_addr or "unknown"):
            found = operators().check(name, str(form.present.data))
        if found is None:
            _tried(name, request.remote_addr or "unknown")
            form.present.errors = [*form.present.errors, "This is not your present password."]
        else:
            operators().set_password(name, str(form.new.data))
            session["token"] = sessions().begin(operators().get(name))
            note("password.change", name)
            flash("Your password is changed. Wherever else you were logged in, you are no longer.", "done")
            return redirect(url_for("console_overview.home"), 303)
    return render_template("console/access/password.html", form=form), 400
