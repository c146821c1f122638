"""The seller's side in a browser: log in, see what an app wants, authorize or refuse; also from the App Store."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from sandbox.errors import ControlError
from sandbox.model import App, Seller
from sandbox.specs import ConsentSpec
from sandbox.tokens import redirect_after_consent
from sandbox.world import World


def consent_headless(world: World, spec: ConsentSpec) -> str:
    """What the pages do, in one call: log in and decide.

    :return: the URL that the seller's browser would be sent to.
    :raises ControlError: for an unknown app, a wrong password or an app without a redirect URL.
    """
    app = find_app(world, spec.service_id)
    seller = log_in(world, spec.username, spec.password)
    return redirect_after_consent(world, app, seller if spec.agree else None, spec.state)


def find_app(world: World, service_id: str) -> App:
    """The app of a consent link."""
    for app in world.apps.values():
        if app.service_id == service_id:
            if not app.redirect_url:
                raise ControlError(f"the app {app.name!r} has no redirect URL in Partner Center")
            return app
    raise ControlError(f"no app has the service id {service_id!r}")


def log_in(world: World, username: str, password: str) -> Seller:
    seller = world.sellers.get(username)
    if seller is None or not secrets.compare_digest(seller.password.encode(), password.encode()):
        raise ControlError("user name or password is wrong")
    return seller


def consent_pages(world: World) -> Blueprint:
    """``/open/authorize`` (the consent link), ``/open/login`` and ``/appstore/<service_id>`` (a link without state)."""
    blueprint = Blueprint("consent", __name__)

    @blueprint.errorhandler(ControlError)
    def refused(error: ControlError) -> tuple[str, int]:
        return render_template("message.html", title="This does not work", text=str(error)), 400

    @blueprint.get("/open/authorize")
    def authorize() -> str | Response:
        app = find_app(world, request.args.get("service_id", ""))
        seller = world.sellers.get(session.get("seller", ""))
        if seller is None:
            return render_template("login.html", app=app, args=request.args, problem="")
        return render_template("consent.html", app=app, seller=seller, args=request.args)

    @blueprint.post("/open/login")
    def login() -> str | Response | tuple[str, int]:
        app = find_app(world, request.args.get("service_id", ""))
        try:
            seller = log_in(world, request.form.get("username", ""), request.form.get("password", ""))
        except ControlError as error:
            return render_template("login.html", app=app, args=request.args, problem=str(error)), 401
        session["seller"] = seller.username
        return redirect(url_for("consent.authorize", **_link_arguments()))

    @blueprint.post("/open/authorize")
    def decide() -> Response:
        app = find_app(world, request.args.get("service_id", ""))
        seller = world.sellers.get(session.get("seller", ""))
        if seller is None:
            return redirect(url_for("consent.authorize", **_link_arguments()))
        agreed = request.form.get("decision") == "authorize"
        with world.lock:
            target = redirect_after_consent(world, app, seller if agreed else None, request.args.get("state"))
        return redirect(target)

    @blueprint.get("/appstore/<service_id>")
    def app_store(service_id: str) -> Response:
        return redirect(url_for("consent.authorize", service_id=service_id))

    return blueprint


def _link_arguments() -> dict[str, Any]:
    return {name: request.args[name] for name in ("service_id", "state") if name in request.args}
