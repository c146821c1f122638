"""How long nobody tries again after a failure."""

from __future__ import annotations

import pytest

from worker.errors import PermanentError, RetryableError
from worker.sync.reporting import pause_after


@pytest.mark.parametrize(("lasted", "pause"), [(0, 2), (2, 2), (4, 4), (9, 9), (15, 15), (3600, 15)])
def test_the_longer_a_side_fails_the_less_often_it_is_asked(lasted: float, pause: float) -> None:
    assert pause_after(RetryableError("Away."), lasted) == pause


def test_what_tiktok_says_counts_more_and_a_person_is_not_waited_for_in_seconds() -> None:
    assert pause_after(RetryableError("Slow down.", retry_after=40), 0) == 40
    assert pause_after(PermanentError("No."), 3) == 60
