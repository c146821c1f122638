"""How far this machine's clock is from that of a server, by the ``Date`` of its answers (whole seconds)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from worker.sync.doctor.finding import Finding, fail, ok, skipped, warn


def skew(headers: Mapping[str, str], before: float, after: float) -> float | None:
    """Seconds by which our clock is ahead of the server's; ``None`` when it tells no readable date.

    :param before: our clock (epoch seconds) when the request was sent.
    :param after: our clock when the answer came.
    """
    try:
        theirs = parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except ValueError:
        return None
    # A date is cut off to whole seconds, and was written at some moment between sending and receiving.
    earliest, latest = before - (theirs + 1.0), after - theirs
    if earliest <= 0.0 <= latest:
        return 0.0
    return earliest if earliest > 0 else latest


def tiktok_clock(name: str, ahead: float | None) -> Finding:
    """TikTok refuses calls whose time-stamp is more than 30 seconds ahead or 5 minutes behind (*Common parameters*)."""
    if ahead is None:
        return skipped(name, "TikTok's host told no date.")
    remedy = "Set this machine's clock, and keep it set with NTP."
    text = f"This machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} TikTok's."
    if ahead > 30 or ahead < -300:
        return fail(name, f"{text} TikTok refuses every call.", remedy)
    if ahead > 10 or ahead < -60:
        return warn(name, text, remedy)
    return ok(name, "This machine's clock and TikTok's agree.")


def odoo_clock(name: str, ahead: float | None) -> Finding:
    """A clock that is off makes Odoo's records hard to compare with our logs, and API keys end at odd times."""
    if ahead is None:
        return skipped(name, "Odoo told no date.")
    if abs(ahead) > 60:
        text = f"This machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} Odoo's."
        return warn(name, text, "Keep both set with NTP.")
    return ok(name, "This machine's clock and Odoo's agree.")


def now() -> float:
    """This machine's clock, in epoch seconds."""
    return time.time()
