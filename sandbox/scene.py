"""A seller with shops on the simulator, linked the real way: consent page, redirect, code traded by a worker."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any

import requests

from sandbox.client import SandboxApp, SandboxControl, SandboxShop
from sandbox.installation import Installation
from sandbox.stack.paths import StackError
from sandbox.stack.processes import wait_for


@dataclass(frozen=True)
class Seller:
    """A seller's login, the app that the account stands for, and the shops."""

    username: str
    password: str
    app: SandboxApp
    shops: list[SandboxShop]
    account_id: str


def open_shops(
    control: SandboxControl, installation: Installation, shops: list[dict[str, Any]], *, market: str = "GB"
) -> Seller:
    """A new app and seller with ``shops`` on the simulator, and an account for the app in the connector."""
    tag = secrets.token_hex(4)
    app = control.create_app(
        app_key=f"key{tag}",
        app_secret=secrets.token_hex(20),
        service_id=str(secrets.randbelow(10**18)),
        redirect_url=f"{installation.web_url}/tiktok/return_from_authorization",
        webhook_url=f"{installation.web_url}/tiktok/webhook",
    )
    username, password = f"seller-{tag}", secrets.token_hex(8)
    opened = control.create_seller(username, password, shops)
    installation.cli(
        *("accounts", "add", "--name", f"Seller {tag}", "--market", market, "--service-id", app.service_id),
        *("--app-key", app.app_key, "--app-secret", app.app_secret),
    )
    return Seller(username, password, app, opened, f"seller-{tag}")


def authorize(control: SandboxControl, installation: Installation, seller: Seller) -> str:
    """Authorize the app as the seller would; answers the text of the page that the seller sees in the end.

    A worker must be running: it trades the code for tokens.
    """
    address = installation.cli("accounts", "link", seller.account_id).stdout.strip()
    state = re.search(r"state=([^&]+)", address)
    assert state is not None, address
    redirect = control.consent(seller.app.service_id, seller.username, seller.password, state[1])
    page = requests.get(redirect, timeout=30)
    wait_for(lambda: "Linking with TikTok" not in requests.get(page.url, timeout=30).text, 30, "the link to be made")
    return requests.get(page.url, timeout=30).text


def link(control: SandboxControl, installation: Installation, seller: Seller) -> str:
    """:func:`authorize`, where linking has to succeed.

    :raises StackError: it did not; with what the page says.
    """
    page = authorize(control, installation, seller)
    if "Linked with TikTok" not in page:
        raise StackError(f"Linking did not succeed: {page}")
    return page
