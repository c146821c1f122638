"""The folder of a run of the private stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.chaos.disk import SmallDisk
from sandbox.stack import paths
from sandbox.stack.paths import StackError, claim_run_folder


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "ROOT", tmp_path / "a clone")
    paths.ROOT.mkdir()


def test_a_run_begins_in_an_empty_folder() -> None:
    folder, lock = claim_run_folder("demo")
    (folder / "left").touch()
    lock.close()
    again, lock = claim_run_folder("demo")
    assert again == folder
    assert list(again.iterdir()) == []
    lock.close()


def test_a_second_run_of_a_name_gets_a_folder_of_its_own() -> None:
    first, held = claim_run_folder("demo")
    second, also_held = claim_run_folder("demo")
    assert (first.name, second.name) == ("demo", "demo-2")
    held.close()
    also_held.close()


def test_a_run_that_was_killed_with_a_disk_mounted_is_not_in_the_way() -> None:
    folder, lock = claim_run_folder("chaos")
    try:
        SmallDisk(folder / "redis", 1).__enter__()
    except StackError as error:
        pytest.skip(f"nobody may mount here: {error}")
    lock.close()
    again, lock = claim_run_folder("chaos")
    assert list(again.iterdir()) == []
    lock.close()
