"""The Flask application: the receiver, and beside it the operator's console. ``web.app:create_app()`` for gunicorn."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix

from web import console, health, metrics, oauth, webhooks
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
    if count := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count, x_prefix=count)  # type: ignore[method-assign]
    app.register_blueprint(webhooks.blueprint)
    app.register_blueprint(oauth.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(metrics.blueprint)
    if settings.console:
        console.register(app, settings)
        console.access.csrf.exempt(webhooks.blueprint)  # TikTok signs; its requests come without cookies

    @app.get("/")
    def home() -> ResponseReturnValue:
        """Where people land who type the address only."""
        return redirect(url_for("console_overview.home")) if settings.console else ("", 404)

    policy = _content_policy(settings)

    @app.after_request
    def _harden(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        # The address of the seller's way back holds a code. The console leads back to the page of a pressed button.
        inside = request.path.startswith("/console")
        response.headers["Referrer-Policy"] = "same-origin" if inside else "no-referrer"
        response.headers["Content-Security-Policy"] = policy
        if settings.public_url.startswith("https://") and request.is_secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return app


def _content_policy(settings: Settings) -> str:
    """Only our own files, and Pico's icons, which are data; forms may lead to TikTok's consent pages, where *Link with
    TikTok* leads."""
    consent = [settings.tiktok_consent_url, settings.tiktok_consent_url_us]
    hosts = sorted({f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, consent)})
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"form-action 'self' {' '.join(hosts)}; base-uri 'none'; frame-ancestors 'none'"
    )
