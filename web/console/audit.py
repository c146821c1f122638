"""``/console/audit``: who pressed what, and when."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from web.receiver import receiver
from worker.state.audit import Audit

blueprint = Blueprint("console_audit", __name__, url_prefix="/console/audit")

_PAGE = 100


@blueprint.get("")
def audit() -> ResponseReturnValue:
    """The newest entries; ``?before=`` goes back."""
    before = request.args.get("before", "")
    before = before if before.replace("-", "", 1).isdigit() else ""
    entries = Audit(receiver().redis).latest(_PAGE, before=before)
    older = entries[-1].id if len(entries) == _PAGE else ""
    return render_template("console/audit/audit.html", entries=entries, older=older, before=before)
