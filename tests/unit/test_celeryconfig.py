"""Celery's settings keep what the architecture promises."""

from __future__ import annotations

from fnmatch import fnmatch

import pytest
from celery import Celery

import celeryconfig
from worker.app import app
from worker.settings import Settings
from worker.state.broker import QUEUES


@pytest.fixture(scope="module")
def celery() -> Celery:
    """The application with all its tasks."""
    app.loader.import_default_modules()
    return app


@pytest.fixture(scope="module")
def our_tasks(celery: Celery) -> list[str]:
    names = sorted(name for name in celery.tasks if not name.startswith("celery."))
    assert len(names) >= 9
    return names


def defaults() -> Settings:
    return Settings(_env_file=None)


def test_work_of_a_killed_worker_is_delivered_again(celery: Celery) -> None:
    assert celery.conf.task_acks_late is True
    assert celery.conf.task_reject_on_worker_lost is True


def test_a_worker_holds_no_task_that_another_could_do(celery: Celery) -> None:
    assert celery.conf.worker_prefetch_multiplier == 1


def test_a_task_ends_before_it_would_be_delivered_a_second_time(celery: Celery) -> None:
    conf = celery.conf
    assert conf.task_soft_time_limit < conf.task_time_limit < conf.broker_transport_options["visibility_timeout"]


def test_a_task_ends_before_its_orders_are_given_to_another_worker(celery: Celery) -> None:
    assert celery.conf.task_time_limit < defaults().order_lease


def test_a_stopping_worker_has_time_to_end_a_call(celery: Celery) -> None:
    assert 0 < celery.conf.worker_soft_shutdown_timeout < 45  # Docker and systemd wait for 45 seconds


def test_the_work_of_a_killed_worker_comes_back_in_seconds(celery: Celery) -> None:
    options = celery.conf.broker_transport_options
    assert options["unacked_restore_interval"] == options["unacked_restore_throttle"] == 1


def test_a_dropped_connection_is_noticed(celery: Celery) -> None:
    options = celery.conf.broker_transport_options
    assert options["socket_keepalive"] is True
    assert 0 < options["health_check_interval"] <= 30
    assert 0 < options["socket_connect_timeout"] <= options["socket_timeout"] <= 30
    assert celery.conf.broker_connection_retry_on_startup is True


def test_nothing_but_json_is_sent_or_read(celery: Celery) -> None:
    assert celery.conf.task_serializer == "json"
    assert list(celery.conf.accept_content) == ["json"]


def test_times_are_utc_and_results_are_not_kept(celery: Celery) -> None:
    assert (celery.conf.timezone, celery.conf.enable_utc) == ("UTC", True)
    assert celery.conf.task_ignore_result is True


def test_every_beat_entry_names_a_task_that_there_is(our_tasks: list[str]) -> None:
    assert {entry["task"] for entry in celeryconfig.beat_schedule.values()} <= set(our_tasks)


def test_a_tick_that_waited_behind_an_outage_expires_before_the_next_is_due() -> None:
    for name, entry in celeryconfig.beat_schedule.items():
        if entry["schedule"] <= 300:
            assert entry["options"]["expires"] <= entry["schedule"], name


def test_every_promised_schedule_is_there() -> None:
    entries = celeryconfig.beat_schedule
    assert entries["orders.sweep"]["schedule"] == defaults().sweep_interval <= 15
    assert defaults().poll_interval == 300
    assert entries["orders.poll_all"]["schedule"] == 10  # a thirtieth: shops take turns
    assert entries["system.sample"]["schedule"] == 60
    assert entries["auth.refresh_tokens"]["schedule"] <= 3600
    assert "system.forget_old_orders" in entries
    assert entries["inventory.watch"]["schedule"] == defaults().stock_interval == 60
    assert entries["inventory.reconcile_all"]["schedule"] == entries["catalog.pull_all"]["schedule"] == 60
    assert entries["inventory.sweep"]["schedule"] == entries["catalog.sweep"]["schedule"] <= 15


def test_a_heartbeat_goes_through_every_queue_that_has_tasks(our_tasks: list[str]) -> None:
    """One that no worker serves is noticed by nothing else."""
    beats = {
        entry["options"]["queue"]: entry["schedule"]
        for entry in celeryconfig.beat_schedule.values()
        if entry["task"] == "system.heartbeat"
    }
    # Payouts are too few for a queue of their own.
    kinds = {name.partition(".")[0] for name in our_tasks} - {"system", "finance"}
    assert set(beats) == set(QUEUES) == kinds
    assert max(beats.values()) * 3 < 60  # health calls a minute without one an outage


def test_every_task_has_a_route_to_a_queue_that_workers_serve(celery: Celery, our_tasks: list[str]) -> None:
    routes = celeryconfig.task_routes
    for name in our_tasks:
        queues = [route["queue"] for pattern, route in routes.items() if fnmatch(name, pattern)]
        assert len(queues) == 1, name
        assert queues[0] in QUEUES
        assert celery.amqp.router.route({}, name)["queue"].name == queues[0]


def test_every_kind_of_work_has_a_queue_of_its_own() -> None:
    kinds = ("orders", "inventory", "catalog", "fulfillment", "auth")
    assert {pattern: route["queue"] for pattern, route in celeryconfig.task_routes.items()} == {
        **{f"{kind}.*": kind for kind in kinds},
        "system.*": "orders",
        "finance.*": "fulfillment",
    }
    assert set(QUEUES) == set(kinds)


def test_no_task_waits_longer_than_it_is_visible(celery: Celery, our_tasks: list[str]) -> None:
    """With Redis, a message whose countdown is longer than the visibility timeout runs again and again."""
    visible = celery.conf.broker_transport_options["visibility_timeout"]
    for name in our_tasks:
        assert getattr(celery.tasks[name], "retry_backoff_max", 0) < visible


def test_tasks_carry_ids_and_never_more(celery: Celery, our_tasks: list[str]) -> None:
    for name in our_tasks:
        code = celery.tasks[name].run.__code__
        parameters = code.co_varnames[: code.co_argcount]
        assert all(parameter.endswith("_id") or parameter == "self" for parameter in parameters), name


def test_beat_is_single_by_a_lock_that_outlives_its_sleep(celery: Celery) -> None:
    assert celery.conf.beat_scheduler == "worker.beat.Scheduler"
    assert celeryconfig.redbeat_lock_timeout > 2 * celery.conf.beat_max_loop_interval


@pytest.mark.parametrize(
    ("redis_url", "broker"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/1"),
        ("redis://:pw@redis:6379/3", "redis://:pw@redis:6379/4"),
        ("redis://redis:6379", "redis://redis:6379/1"),
        ("redis://redis:6379/", "redis://redis:6379/1"),
        ("rediss://redis:6379/0", "rediss://redis:6379/1"),
        ("rediss://redis:6379/2?ssl_ca_certs=/etc/ca.pem", "rediss://redis:6379/3?ssl_ca_certs=/etc/ca.pem"),
        ("sentinel://:pw@a:1,b:2/0?master=shop", "sentinel://:pw@a:1,b:2/1?master=shop"),
    ],
)
def test_celery_has_a_database_of_its_own(redis_url: str, broker: str) -> None:
    """Its visibility timeout holds for a whole database."""
    assert Settings(_env_file=None, redis_url=redis_url).broker_url == broker


def test_another_broker_may_be_named() -> None:
    assert Settings(_env_file=None, celery_broker_url="redis://elsewhere/7").broker_url == "redis://elsewhere/7"
