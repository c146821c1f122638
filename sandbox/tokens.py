"""Authorization codes and tokens: granted by a seller, exchanged and refreshed on the token host, revoked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, request

from sandbox import ids
from sandbox.envelope import error_response, success_response
from sandbox.errors import ApiError, ControlError, invalid_parameter
from sandbox.model import App, AuthorizationCode, Grant, Seller
from sandbox.notifications import Notifier
from sandbox.world import World


def home_region(seller: Seller) -> str:
    return seller.shops[0].market.region if seller.shops else "US"


def redirect_after_consent(world: World, app: App, seller: Seller | None, state: str | None) -> str:
    """The URL of the app that the seller's browser is sent to, with a fresh code, or with the refusal.

    :param seller: who agreed, or ``None`` when the seller refused.
    :param state: what the consent link carried; ``None`` (no link of the app's) leaves the parameter out.
    """
    answer = {"state": state} if state is not None else {}
    if seller is None:
        answer |= {"code": "null", "error": "auth_denied"}
    else:
        region = home_region(seller)
        code = ids.new_code(region)
        world.codes[code] = AuthorizationCode(app, seller, world.clock() + world.settings.code_seconds)
        locale = seller.shops[0].market.locale if seller.shops else "en-US"
        answer |= {"code": code, "app_key": app.app_key, "locale": locale, "shop_region": region}
    parts = urlsplit(app.redirect_url)
    query = "&".join(part for part in (parts.query, urlencode(answer)) if part)
    return urlunsplit(parts._replace(query=query))


def exchange_code(world: World, query: Mapping[str, str]) -> Grant:
    """``/api/v2/token/get``: a code becomes tokens, once.

    A new grant of the same seller replaces the old one, whose tokens end.

    :raises ApiError: 36004004 for a code that is wrong, used, too old or of another app.
    """
    app = _app(world, query)
    if query.get("grant_type") != "authorized_code":
        raise invalid_parameter("grant_type", "must be authorized_code")
    code = world.codes.pop(query.get("auth_code", ""), None)
    if code is None or code.app is not app or code.expires <= world.clock():
        raise ApiError(36004004, "auth_code is invalid or expired")
    for grant in list(world.grants_by_access.values()):
        if grant.app is app and grant.seller is code.seller:
            _drop(world, grant)
    expires = world.now() + world.settings.refresh_token_seconds
    grant = Grant(app, code.seller, app.scopes, "", 0, "", expires)
    _issue(world, grant)
    return grant


def refresh(world: World, query: Mapping[str, str]) -> Grant:
    """``/api/v2/token/refresh``: both tokens are replaced; the old ones are dead from now on.

    :raises ApiError: 36004005 for an unknown refresh token, 36004001 for an expired one.
    """
    app = _app(world, query)
    if query.get("grant_type") != "refresh_token":
        raise invalid_parameter("grant_type", "must be refresh_token")
    grant = world.grants_by_refresh.get(query.get("refresh_token", ""))
    if grant is None or grant.app is not app:
        raise ApiError(36004005, "auth record does not exist")
    if grant.refresh_expires <= world.clock():
        raise ApiError(36004001, "refresh_token is expired")
    _drop(world, grant)
    _issue(world, grant)
    return grant


def expire_access_tokens(world: World, app_key: str, username: str) -> int:
    """Let access tokens end now (the refresh tokens stay good); '' means all.

    :return: how many.
    """
    found = [grant for grant in world.grants_by_access.values() if _is_of(grant, app_key, username)]
    for grant in found:
        grant.access_expires = world.now() - 1
    return len(found)


def revoke(world: World, notifier: Notifier, username: str) -> int:
    """The seller takes all authorizations back: type 6 for every shop, then the tokens are unknown.

    :return: the number of grants that ended.
    :raises ControlError: for an unknown seller.
    """
    seller = world.sellers.get(username)
    if seller is None:
        raise ControlError(f"no seller {username!r}")
    for shop in seller.shops:
        notifier.deauthorized(shop)
    found = [grant for grant in world.grants_by_access.values() if grant.seller is seller]
    for grant in found:
        _drop(world, grant)
    return len(found)


def token_host(world: World) -> Blueprint:
    """The two endpoints of the token host: GET only, unsigned, HTTP 200 also for refusals."""
    blueprint = Blueprint("token_host", __name__)

    @blueprint.get("/api/v2/token/get")
    def token_get() -> Response:
        return _answer(world, exchange_code)

    @blueprint.get("/api/v2/token/refresh")
    def token_refresh() -> Response:
        return _answer(world, refresh)

    return blueprint


def _answer(world: World, exchange: Any) -> Response:
    name = f"GET {request.path}"
    try:
        with world.lock:
            data = _grant_json(exchange(world, request.args))
    except ApiError as error:
        world.counters[f"{name} refused {error.code}"] += 1
        error.status = 200
        return error_response(error)
    world.counters[name] += 1
    return success_response(data, message="success")


def _grant_json(grant: Grant) -> dict[str, Any]:
    seller = grant.seller
    return {
        "access_token": grant.access_token,
        "access_token_expire_in": grant.access_expires,
        "refresh_token": grant.refresh_token,
        "refresh_token_expire_in": grant.refresh_expires,
        "open_id": seller.open_id,
        "seller_name": seller.shops[0].name if seller.shops else seller.username,
        "seller_base_region": home_region(seller),
        "user_type": 0,
        "granted_scopes": list(grant.scopes),
    }


def _app(world: World, query: Mapping[str, str]) -> App:
    app = world.apps.get(query.get("app_key", ""))
    if app is None or app.app_secret != query.get("app_secret"):
        raise ApiError(36009004, "Invalid credentials. app_key or app_secret is wrong")
    return app


def _is_of(grant: Grant, app_key: str, username: str) -> bool:
    return app_key in ("", grant.app.app_key) and username in ("", grant.seller.username)


def _drop(world: World, grant: Grant) -> None:
    world.grants_by_access.pop(grant.access_token, None)
    world.grants_by_refresh.pop(grant.refresh_token, None)


def _issue(world: World, grant: Grant) -> None:
    grant.access_token = ids.new_access_token(home_region(grant.seller))
    grant.refresh_token = ids.new_refresh_token()
    grant.access_expires = world.now() + world.settings.access_token_seconds
    world.grants_by_access[grant.access_token] = grant
    world.grants_by_refresh[grant.refresh_token] = grant
