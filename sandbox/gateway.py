"""The checks that every Open API call passes, in TikTok's order, before its handler sees it."""

from __future__ import annotations

import json
import time
from typing import Any

from flask import Request, Response

from sandbox.after_sale_desk import AfterSaleDesk
from sandbox.envelope import error_response, success_response
from sandbox.errors import ApiError, invalid_parameter
from sandbox.finance import Ledger
from sandbox.model import App, Grant, Shop
from sandbox.package_desk import PackageDesk
from sandbox.product_desk import ProductDesk
from sandbox.rate_limit import RateLimit
from sandbox.routing import Call, Endpoint, Routes
from sandbox.signing import matches, request_signature
from sandbox.world import World

PAST_SECONDS, FUTURE_SECONDS = 300, 30


class Gateway:
    """Answers calls of the Open API; every refusal is counted by its reason.

    Order (path, app key, signature first were observed; the rest is ours): path, app_key, sign, timestamp, token,
    scope, shop_cipher, content type and body, method, rate limit.
    """

    def __init__(
        self, world: World, routes: Routes, desks: tuple[ProductDesk, PackageDesk, AfterSaleDesk, Ledger]
    ) -> None:
        self._world = world
        self._desks = desks
        self._routes = routes
        self.rate_limit = RateLimit(time.monotonic)

    def handle(self, request: Request) -> Response:
        """The answer to one call, always in TikTok's envelope."""
        name = f"{request.method} {request.path}"
        try:
            endpoints, arguments = self._routes.match(request.path)
            endpoint = endpoints.get(request.method) or next(iter(endpoints.values()))
            name = f"{request.method} {endpoint.template}"
            data = self._call(request, endpoint, arguments)
        except ApiError as error:
            self._world.counters[f"{name} refused {error.code}"] += 1
            return error_response(error)
        self._world.counters[name] += 1
        return success_response(data)

    def _call(self, request: Request, endpoint: Endpoint, arguments: dict[str, str]) -> Any:
        world = self._world
        query = _single_values(request)
        app = self._app(query)
        body = self._raw_body(request)
        _check_signature(request, app, query, body)
        _check_timestamp(query, world.clock())
        grant = self._grant(request, app)
        if endpoint.scope not in grant.scopes:
            raise ApiError(105005, f"Access denied. The app lacks the scope {endpoint.scope}")
        shop = _shop(endpoint, query, grant)
        parsed = _json_body(request, body)
        if request.method != endpoint.method:
            raise ApiError(36009010, f"Invalid method. {request.method} is not allowed here")
        shop_id = shop.id if shop else ""
        if not self.rate_limit.allow((app.app_key, shop_id, endpoint.name), world.settings.requests_per_second):
            raise ApiError(36009002, "Too many requests. Please try again later.", headers={"Retry-After": "1"})
        with world.lock:
            call = Call(world, *self._desks, request.host_url, app, grant, arguments, query, parsed, shop)
            return endpoint.handler(call)

    def _app(self, query: dict[str, str]) -> App:
        app = self._world.apps.get(query.get("app_key", ""))
        if app is None:
            raise ApiError(36009004, "Invalid credentials. The 'app_key' is missing, unknown or disabled")
        return app

    def _raw_body(self, request: Request) -> bytes:
        if (request.content_length or 0) > self._world.settings.max_body_bytes:
            raise ApiError(36009021, "Invalid body. It is too large")
        return request.get_data()

    def _grant(self, request: Request, app: App) -> Grant:
        grant = self._world.grants_by_access.get(request.headers.get("x-tts-access-token", ""))
        if grant is None or grant.app is not app:
            raise ApiError(36009004, "Invalid credentials. The 'x-tts-access-token' header is invalid", status=401)
        if grant.access_expires <= self._world.clock():
            raise ApiError(105002, "Expired credentials. The 'x-tts-access-token' has expired")
        return grant


def _single_values(request: Request) -> dict[str, str]:
    for name, values in request.args.lists():
        if len(values) > 1:
            raise invalid_parameter(name, "is given more than once")
    return request.args.to_dict()


def _check_signature(request: Request, app: App, query: dict[str, str], body: bytes) -> None:
    given = query.get("sign", "")
    if not given:
        raise ApiError(36009004, "Invalid params: signature is missing")
    signed_body = b"" if request.method == "GET" else body
    content_type = request.headers.get("Content-Type", "")
    expected = request_signature(app.app_secret, request.path, query, body=signed_body, content_type=content_type)
    if not matches(expected, given):
        raise ApiError(106001, "Invalid credentials. The signature is invalid")


def _check_timestamp(query: dict[str, str], now: float) -> None:
    text = query.get("timestamp", "")
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise invalid_parameter("timestamp", "is not a time in seconds")
    if not now - PAST_SECONDS <= int(text) <= now + FUTURE_SECONDS:
        raise invalid_parameter("timestamp", "is expired or in the future: 5 minutes back and 30 s ahead are accepted")


def _shop(endpoint: Endpoint, query: dict[str, str], grant: Grant) -> Shop | None:
    cipher = query.get("shop_cipher")
    if not endpoint.needs_cipher:
        if cipher is not None:
            raise invalid_parameter("shop_cipher", "is not required for this API")
        return None
    if not cipher:
        raise ApiError(106013, "shop_cipher is required")
    for shop in grant.seller.shops:
        if shop.cipher == cipher:
            return shop
    raise ApiError(101000, "The access token does not match the shop_cipher")


def _json_body(request: Request, body: bytes) -> dict[str, Any]:
    if request.method == "GET" or (request.method == "DELETE" and not body):
        return {}
    if request.mimetype != "application/json":
        raise ApiError(36009022, "Invalid content type. Only application/json is supported")
    if not body:
        return {}
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise ApiError(36009023, "Invalid body. It is not JSON") from None
    if not isinstance(parsed, dict):
        raise ApiError(36009023, "Invalid body. A JSON object is expected")
    return parsed
