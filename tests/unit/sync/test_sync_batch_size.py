"""Batches of orders are as large as Odoo brings in quickly enough; a slow one never stands in the way for good."""

from __future__ import annotations

from worker.sync.batch_size import BatchSize


def test_a_batch_is_as_large_as_it_may_be_until_a_call_takes_too_long() -> None:
    batch = BatchSize(50, 20)
    batch.learn(50, 19)
    assert batch.now == 50
    batch.learn(50, 21)
    assert batch.now == 25


def test_slow_calls_lead_down_to_single_orders_and_no_further() -> None:
    batch = BatchSize(50, 20)
    for _ in range(9):
        batch.learn(batch.now, 60)
    assert batch.now == 1


def test_a_small_batch_that_was_too_slow_says_that_a_large_one_would_be() -> None:
    batch = BatchSize(50, 20)
    batch.learn(8, 30)
    assert batch.now == 4


def test_quick_calls_lead_up_again_but_only_of_batches_that_were_full() -> None:
    batch = BatchSize(50, 20)
    for _ in range(3):
        batch.learn(batch.now, 30)
    assert batch.now == 6
    batch.learn(2, 0.1)
    assert batch.now == 6
    batch.learn(6, 6)
    assert batch.now == 12
    batch.learn(12, 15)
    assert batch.now == 12
    for _ in range(5):
        batch.learn(batch.now, 1)
    assert batch.now == 50
