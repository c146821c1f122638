"""The Celery application. Its settings are in ``celeryconfig.py`` at the top of the project."""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.signals import setup_logging

from worker.logs import configure
from worker.settings import get_settings

app = Celery("tiktok-odoo-sync")
app.config_from_object("celeryconfig")


@setup_logging.connect
def _use_our_logging(**_: Any) -> None:
    configure(get_settings())
