"""The short version of ``make chaos``: every kind of fault once, on the stack of the session."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.chaos.deployment import Deployment
from sandbox.chaos.disk import redis_on_small_disk
from sandbox.chaos.story import Chaos
from sandbox.client import SandboxControl
from sandbox.stack.stack import Stack


@pytest.mark.timeout(600)
def test_nothing_is_lost_doubled_or_wrong_when_everything_breaks_once(
    stack: Stack, simulator: SandboxControl, tmp_path: Path
) -> None:
    simulator.configure(requests_per_second=50)
    simulator.clear_faults()
    with (
        redis_on_small_disk(stack, print) as disk,
        Deployment(stack, tmp_path, simulator.base_url, print) as deployment,
    ):
        chaos = Chaos(stack, simulator, deployment, tmp_path, disk=disk, seed=1, say=print)
        outcome = chaos.run(orders=300, rate=5, times=1)
    found = outcome.audit
    assert {fault.name for fault in (*chaos.faults.kinds, chaos.faults.wipe)} == set(+outcome.faults)
    assert found.orders == 300
    assert found.in_odoo + found.waiting == 300
    assert (found.lost, found.duplicated, found.wrong_totals, found.wrong_states) == ([], [], [], [])
    assert outcome.codes == {"orders reconcile": 0, "inventory reconcile": 0}, "\n".join(outcome.problems)
    assert outcome.open_leases == {}
    assert outcome.silent_workers == 0
    assert outcome.searched > 100
    assert outcome.leaks == []
