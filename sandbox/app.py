"""The Flask application: TikTok Shop's API and token host, the seller's pages, and the control API on one port."""

from __future__ import annotations

import secrets

from flask import Flask, Response, request

from sandbox.consent import consent_pages
from sandbox.control import control_api
from sandbox.documents import shipping_documents
from sandbox.images import product_images
from sandbox.pages import human_pages
from sandbox.settings import Settings
from sandbox.simulator import Simulator
from sandbox.tokens import token_host

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]
# Faults hit what an app calls, never the control API or the pages for people.
_NOT_FOR_APPS = ("/_sandbox/", "/open/", "/appstore/")


def create_app(settings: Settings | None = None, simulator: Simulator | None = None) -> Flask:
    """The simulator as a WSGI application.

    :param simulator: one made by the caller, for example with a clock of its own; by default a fresh one that
        delivers webhooks in the background.
    """
    if simulator is None:
        simulator = Simulator(settings or Settings())
        simulator.webhooks.start()
    sandbox = simulator
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False
    app.secret_key = secrets.token_bytes(32)
    app.extensions["sandbox"] = sandbox

    @app.before_request
    def faults_before() -> Response | None:
        return sandbox.faults.before() if _is_for_apps(request.path) else None

    @app.after_request
    def faults_after(response: Response) -> Response:
        return sandbox.faults.after(response)

    app.register_blueprint(token_host(sandbox.world))
    app.register_blueprint(consent_pages(sandbox.world))
    app.register_blueprint(control_api(sandbox))
    app.register_blueprint(product_images(sandbox.world))
    app.register_blueprint(shipping_documents(sandbox.world))
    app.register_blueprint(human_pages(sandbox))

    @app.route("/<path:path>", methods=METHODS, provide_automatic_options=False)
    def open_api(path: str) -> Response:
        return sandbox.gateway.handle(request)

    return app


def _is_for_apps(path: str) -> bool:
    return path != "/" and not path.startswith(_NOT_FOR_APPS)
