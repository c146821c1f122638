"""The Flask application: ``web.app:create_app()`` for gunicorn."""

from __future__ import annotations

from flask import Flask, Response

from web import health, oauth, webhooks
from web.receiver import Receiver
from worker.logs import configure
from worker.settings import Settings, get_settings


def create_app(settings: Settings | None = None) -> Flask:
    """The receiver for ``settings``, by default those of the environment.

    :raises ConfigurationError: a setting is missing or wrong.
    """
    settings = settings or get_settings()
    configure(settings)
    app = Flask(__name__)
    # One more than allowed: a body that does not tell its length is cut here, and must show that it was longer.
    app.config["MAX_CONTENT_LENGTH"] = settings.webhook_max_bytes + 1
    app.extensions["receiver"] = Receiver(settings)
    app.register_blueprint(webhooks.blueprint)
    app.register_blueprint(oauth.blueprint)
    app.register_blueprint(health.blueprint)

    @app.after_request
    def _harden(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "no-referrer"  # the address of the way back holds a code
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self' 'unsafe-inline'"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return app
