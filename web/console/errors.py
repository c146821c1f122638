"""What an operator sees when something fails: a page that says what happened and what to do, never a traceback."""

from __future__ import annotations

import structlog
from flask import Flask, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException

from worker.errors import ConnectorError, RetryableError

log = structlog.get_logger(__name__)


def handle(app: Flask) -> None:
    """Answer errors of the console's pages with pages; the receiver's addresses keep their own short answers."""
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(ConnectorError, _connector)
    app.register_error_handler(RedisError, _redis)
    app.register_error_handler(HTTPException, _http)


def _page(status: int, title: str, text: str, remedy: str = "") -> ResponseReturnValue:
    template = "console/error_part.html" if "HX-Request" in request.headers else "console/error.html"
    return render_template(template, title=title, text=text, remedy=remedy), status


def _csrf(_: CSRFError) -> ResponseReturnValue:
    return _page(
        400,
        "This form is too old",
        "It was loaded before you last logged in, or your browser keeps no cookies of this site. Nothing was changed.",
        "Go back, reload the page and press the button again.",
    )


def _connector(error: ConnectorError) -> ResponseReturnValue:
    """After a pressed button, back to where it was, with the reason; otherwise a page of its own."""
    log.warning("console.failed", path=request.path, code=error.code, reason=error.message)
    if request.method == "POST" and _from_here():
        flash(str(error), "failed")
        return redirect(request.referrer or "", 303)
    status = 503 if isinstance(error, RetryableError) else 409
    return _page(status, "This did not work", error.message, error.remedy)


def _from_here() -> bool:
    return bool(request.referrer) and str(request.referrer).startswith(request.host_url)


def _redis(error: RedisError) -> ResponseReturnValue:
    log.error("console.redis_away", reason=type(error).__name__)
    return _page(
        503,
        "Redis does not answer",
        "Webhooks are refused with 503, and TikTok delivers them again for hours: nothing is lost.",
        "Start Redis, or correct REDIS_URL; then reload this page.",
    )


def _http(error: HTTPException) -> ResponseReturnValue:
    if not request.path.startswith("/console"):
        return error.get_response()
    titles = {403: "Not for you", 404: "There is no such page", 405: "Not like this"}
    return _page(error.code or 500, titles.get(error.code or 0, "This did not work"), error.description or "")
