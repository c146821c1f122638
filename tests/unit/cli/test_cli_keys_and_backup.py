"""``tiktok-odoo keys`` and ``backup``: a key is made, the state goes round, and what is no backup is told."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cli_stubs import ADD, Run, one_line
from cryptography.fernet import Fernet

from tests.unit.builders import APP_SECRET
from worker.sync.runtime import Runtime


def test_a_key_is_a_key(run: Run) -> None:
    ended = run("keys", "generate")
    assert (ended.code, ended.err) == (0, "")
    Fernet(ended.out.strip())
    assert run("keys", "generate").out != ended.out


def test_the_first_key_can_be_made_before_there_is_any(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEYS")
    assert run("keys", "generate").code == 0
    assert "SECRET_KEYS is empty" in one_line(run(*ADD, "--app-secret", APP_SECRET))


def test_a_backup_goes_round(run: Run, runtime: Runtime, shop: None, tmp_path: Path) -> None:
    file = tmp_path / "state"
    file.write_text("an older one")
    file.chmod(0o644)
    assert run("backup", "export", str(file)).code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "There are accounts already. Add --yes" in one_line(run("backup", "restore", str(file)))
    runtime.redis.flushall()
    assert run("backup", "restore", str(file)).out == "Restored 1 accounts and 1 shops.\n"
    assert runtime.accounts.get("demo").app_secret == APP_SECRET


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xfe\x00", "Größe".encode()])
def test_a_file_that_is_no_backup_is_one_line(run: Run, runtime: Runtime, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "state"
    file.write_bytes(content)
    assert one_line(run("backup", "restore", str(file))).startswith("Error: ")


def test_a_backup_that_cannot_be_written_is_one_line(run: Run, shop: None, tmp_path: Path) -> None:
    assert "No such file or directory" in one_line(run("backup", "export", str(tmp_path / "nowhere" / "state")))
