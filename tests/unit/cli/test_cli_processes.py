"""``tiktok-odoo web``, ``worker``, ``beat`` and ``flower``: the programs that they become."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cli_stubs import Run, one_line


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("worker", "--queues", "orders,gold"), "There is no queue gold."),
        (("flower", "--bind", "0.0.0.0:5555"), "Flower would be open to everybody on 0.0.0.0."),
    ],
)
def test_a_process_that_would_run_wrongly_does_not_start(run: Run, arguments: tuple[str, ...], told: str) -> None:
    assert told in one_line(run(*arguments))


def test_a_worker_runs_with_the_options_of_production(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def become(_: str, arguments: list[str]) -> None:
        started.append(arguments)
        sys.exit(0)

    monkeypatch.setattr("os.execvp", become)
    run("worker", "-c", "3", "-Q", "orders,auth")
    run("beat")
    run("web", "--bind", "127.0.0.1:8123")
    worker_line, beat_line, web_line = (" ".join(arguments[1:]) for arguments in started)
    assert "worker --queues orders,auth --concurrency 3" in worker_line
    assert " beat " in f"{beat_line} "
    assert "--bind 127.0.0.1:8123" in web_line
    assert web_line.endswith("web.app:create_app()")


def test_flowers_password_is_no_argument(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments are visible to every user of the machine."""
    started: list[str] = []

    def become(_: str, arguments: list[str]) -> None:
        started.extend(arguments)
        sys.exit(0)

    monkeypatch.setattr("os.execvp", become)
    monkeypatch.setenv("FLOWER_BASIC_AUTH", "boss:s3cret")
    run("flower", "--bind", "0.0.0.0:5555")
    assert "--port=5555" in started
    assert not any("s3cret" in argument for argument in started)
    assert not any("--db" in argument or "--url_prefix" in argument for argument in started)


def test_flower_remembers_and_goes_below_a_prefix_where_that_is_set(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[str] = []

    def become(_: str, arguments: list[str]) -> None:
        started.extend(arguments)
        sys.exit(0)

    monkeypatch.setattr("os.execvp", become)
    monkeypatch.setenv("FLOWER_DB", str(tmp_path / "state" / "seen"))
    monkeypatch.setenv("FLOWER_URL_PREFIX", "/flower/")
    run("flower")
    assert {"--persistent=True", f"--db={tmp_path}/state/seen", "--url_prefix=flower"} <= set(started)
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0  # what it keeps is nobody else's business
