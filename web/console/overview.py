"""``/console/``: is all well? What is not, why, and the button that leads to it."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from web.console.parts import runtime

blueprint = Blueprint("console_overview", __name__, url_prefix="/console")


@blueprint.get("/")
def overview() -> ResponseReturnValue:
    """The whole at a glance."""
    return render_template("console/overview/overview.html", shops=runtime().shops.all())
