"""Authorization: the consent link for the seller, and trading a code or a refresh token for tokens.

Both token calls are GETs with the app's secret in the URL (that is TikTok's design), so URLs are never shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from worker.tiktok.markets import Hosts, market
from worker.tiktok.models import TokenGrant
from worker.tiktok.parsing import parse
from worker.tiktok.transport import Request, Transport

_GET, _REFRESH = "/api/v2/token/get", "/api/v2/token/refresh"


@dataclass(frozen=True)
class AppCredentials:
    """App Key and App Secret of the Partner Center."""

    app_key: str
    app_secret: str = field(repr=False)


def consent_url(market_code: str, service_id: str, state: str, hosts: Hosts) -> str:
    """Where the shop's owner authorizes the app; TikTok sends the browser back to the URL set in the Partner Center.

    :param state: single-use value that comes back with the browser.
    :raises ConfigurationError: the market is not one of TikTok Shop's.
    """
    query = urlencode({"service_id": service_id, "state": state})
    return f"{market(market_code).consent_host(hosts)}/open/authorize?{query}"


def exchange_code(transport: Transport, credentials: AppCredentials, code: str) -> TokenGrant:
    """Tokens for an authorization code, which works once and for 30 minutes (*Get Access Token*).

    :param transport: to the token host.
    :raises TikTokReauthorizeError: the code is wrong, used or too old.
    """
    return _grant(transport, credentials, _GET, {"auth_code": code, "grant_type": "authorized_code"})


def refresh(transport: Transport, credentials: AppCredentials, refresh_token: str) -> TokenGrant:
    """New access and refresh tokens (*Refresh Access Token*); reckon that the old ones stop working.

    :raises TikTokReauthorizeError: the refresh token has ended or is unknown; only the seller can help.
    """
    return _grant(transport, credentials, _REFRESH, {"refresh_token": refresh_token, "grant_type": "refresh_token"})


def _grant(transport: Transport, credentials: AppCredentials, path: str, query: dict[str, str]) -> TokenGrant:
    app = {"app_key": credentials.app_key, "app_secret": credentials.app_secret}
    data = transport.retrying(lambda: transport.send(Request("GET", path, path, app | query)))
    return parse(TokenGrant, data, path)
