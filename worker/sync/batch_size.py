"""How many orders one batch holds: as many as Odoo brings in without a call that takes too long.

A proxy in front of Odoo ends calls after a minute or less (Odoo Online, Odoo.sh, an nginx), and an Odoo on a small
machine takes that long for fifty orders. Nothing is lost then, since every step may be repeated; but a batch that never
gets through is no use. Each worker process finds its own size.
"""

from __future__ import annotations

import structlog

log = structlog.get_logger(__name__)

#: Below this share of the time that a call may take, a batch of twice the size is tried.
_QUICK = 1 / 3


class BatchSize:
    """Halved after a call that took too long, doubled after quick ones.

    :param most: orders; TikTok tells no more at once.
    :param seconds: that one call of Odoo should take at most.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self.now = most

    def learn(self, orders: int, longest: float) -> None:
        """A batch of ``orders`` came to its end, well or not, and its longest call of Odoo took ``longest`` seconds."""
        before = self.now
        if longest > self._seconds:
            self.now = max(1, min(self.now, orders) // 2)
        elif longest < self._seconds * _QUICK and orders >= self.now:
            self.now = min(self._most, self.now * 2)
        if self.now != before:
            log.info("orders.batch_size", orders=self.now, before=before, longest_call=round(longest, 1))
