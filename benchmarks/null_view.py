"""What no receiver under the same gunicorn can beat: a Flask view that does nothing."""

from __future__ import annotations

from flask import Flask, Response


def create_app() -> Flask:
    """Answers every webhook with 200 and has not even read it."""
    app = Flask(__name__)

    @app.post("/tiktok/webhook")
    def webhook() -> Response:
        return Response(status=200)

    return app
