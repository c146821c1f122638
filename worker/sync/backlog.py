"""Orders that wait for Odoo after an outage or in a flood: how fast they get fewer, and when there are none left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from worker.state.history import Sample
from worker.state.standing import Standing

#: Fewer orders than this are gone before anybody has read about them.
_WORTH_TELLING = 50
#: Seconds. A pace measured over less is chance; what is older tells nothing of now.
_LEAST, _MOST = 60, 600


@dataclass(frozen=True)
class Backlog:
    """Orders due or at work.

    :param per_minute: by how many they got fewer each minute of late; negative when more came in than went out,
        ``None`` when that is not known yet.
    :param done_at: when none is left if it goes on like this, UTC; ``None`` when it does not get fewer.
    """

    orders: int
    per_minute: float | None = None
    done_at: datetime | None = None


def backlog_of(standing: Standing, samples: Sequence[Sample]) -> Backlog | None:
    """The backlog of all shops; ``None`` when there is none worth telling.

    :param samples: of the last minutes (:class:`worker.state.history.History`).
    """
    orders = standing.sum_orders("due") + standing.sum_orders("leased")
    if orders < _WORTH_TELLING:
        return None
    compared = next((sample for sample in samples if _LEAST <= standing.at - sample.at <= _MOST), None)
    if compared is None:
        return Backlog(orders)
    per_second = (compared.due - orders) / (standing.at - compared.at)
    if per_second <= 0:
        return Backlog(orders, per_second * 60)
    done = datetime.fromtimestamp(standing.at, UTC) + timedelta(seconds=orders / per_second)
    return Backlog(orders, per_second * 60, done)


def recent_since(standing: Standing) -> float:
    """From when on samples are wanted, in epoch seconds."""
    return standing.at - _MOST
