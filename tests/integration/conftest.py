"""How the tests on the real parts get at the connector: as an operator at a terminal, and before the console."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import Command, World
from tests.unit.web.web_stubs import Console, Desk
from web import app as web_app


@pytest.fixture
def command(world: World, tmp_path: Path) -> Command:
    """Runs ``tiktok-odoo`` as an operator does."""
    return world.command_line(tmp_path)


@pytest.fixture
def console(world: World, monkeypatch: pytest.MonkeyPatch) -> Console:
    """The console on the world's Redis, with an operator logged in; what it sends to workers is kept, not done."""
    monkeypatch.setattr(web_app, "configure", lambda _: None)
    app = web_app.create_app(world.runtime.settings)
    app.testing = True
    return Console(Desk(app, world.runtime.redis), "anna", "operator")
