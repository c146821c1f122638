"""Settings of the simulated TikTok Shop; all but the time scale of webhooks can be changed while it runs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from sandbox.errors import ControlError

DAY = 86_400


@dataclass
class Settings:
    """One simulator's settings; seconds unless said otherwise.

    ``time_scale`` multiplies the waits between webhook retries (TikTok: 2 min, 30 min, 3 h, 12 h) and nothing else.
    ``unknown_order_ids`` is what order detail does with ids that nobody has: ``omit`` them or answer an ``error``
    (TikTok does not document which). ``zero_stock_allowed`` likewise for a stock of 0. A label is being made for
    ``label_seconds`` after its package was shipped; with ``label_garbage`` what lies at its address is no PDF.
    """

    time_scale: float = 1.0
    access_token_seconds: int = 7 * DAY
    refresh_token_seconds: int = 365 * DAY
    code_seconds: int = 1800
    requests_per_second: float = 50.0
    webhook_timeout: float = 3.0
    unknown_order_ids: str = "omit"
    zero_stock_allowed: bool = True
    label_seconds: int = 0
    label_garbage: bool = False
    max_body_bytes: int = 10 * 1024 * 1024

    def update(self, changes: dict[str, Any]) -> None:
        """Change some settings.

        :raises ControlError: for an unknown name or a value of another type; nothing is changed then.
        """
        known = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ControlError(f"unknown setting {name!r}; known are {', '.join(sorted(known))}")
            wanted = known[name]
            if isinstance(value, bool) != (wanted is bool) or not isinstance(value, (wanted, int)):
                raise ControlError(f"setting {name!r} must be a {wanted.__name__}, not {value!r}")
        if changes.get("unknown_order_ids", "omit") not in ("omit", "error"):
            raise ControlError("unknown_order_ids must be 'omit' or 'error'")
        for name, value in changes.items():
            setattr(self, name, value)
