"""The operator's console: server-rendered pages that show how all is, why, and what a person can do about it."""

from __future__ import annotations

from importlib import import_module

from flask import Blueprint, Flask

from web.console import access, errors, templating
from worker.settings import Settings

#: One module for each group of pages, with a ``blueprint`` each, in the order of the menu.
PAGES = (
    *("overview", "guide", "orders", "parked", "deliveries", "payouts", "products", "events", "health"),
    *("accounts", "shops", "shop_stock", "shop_settings", "shop_warehouses"),
    *("audit",),
)


def register(app: Flask, settings: Settings) -> None:
    """Add the console to ``app`` and close it to strangers."""
    access.protect(app, settings)
    errors.handle(app)
    templating.prepare(app)
    for name in PAGES:
        blueprint: Blueprint = import_module(f"web.console.{name}").blueprint
        app.register_blueprint(blueprint)
