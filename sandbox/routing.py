"""The table of the API calls that there are: path template, method, scope, and who wants a shop_cipher."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule

from sandbox.after_sale_desk import AfterSaleDesk
from sandbox.errors import ApiError
from sandbox.finance import Ledger
from sandbox.model import App, Grant, Shop
from sandbox.package_desk import PackageDesk
from sandbox.product_desk import ProductDesk
from sandbox.world import World


@dataclass(frozen=True)
class Call:
    """One authorized call, as its handler gets it. Handlers run under the world's lock.

    :param products: changes products; ``packages`` and ``after_sale`` likewise packages, cancellations and
        returns. ``ledger`` holds statements.
    :param host_url: this server as the caller sees it, with a slash at the end.
    :param path: the variable parts of the path.
    :param query: decoded parameters, without ``sign`` and the like being of interest.
    :param body: the JSON object of the body; empty without one.
    """

    world: World
    products: ProductDesk
    packages: PackageDesk
    after_sale: AfterSaleDesk
    ledger: Ledger
    host_url: str
    app: App
    grant: Grant
    path: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]
    shop_or_none: Shop | None

    @property
    def shop(self) -> Shop:
        """The shop of the ``shop_cipher``; only for calls that need one."""
        if self.shop_or_none is None:
            raise ApiError(106013, "shop_cipher is required")
        return self.shop_or_none


Handler = Callable[[Call], Any]


@dataclass(frozen=True)
class Endpoint:
    template: str
    method: str
    scope: str
    handler: Handler
    needs_cipher: bool = True

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"


class Routes:
    """Finds endpoints by path; templates are written like ``/product/202309/products/<product_id>``."""

    def __init__(self, endpoints: list[Endpoint]) -> None:
        self._by_template: dict[str, dict[str, Endpoint]] = {}
        for endpoint in endpoints:
            self._by_template.setdefault(endpoint.template, {})[endpoint.method] = endpoint
        rules = [Rule(template, endpoint=template) for template in self._by_template]
        self._paths = Map(rules, strict_slashes=True, redirect_defaults=False, merge_slashes=False).bind("")

    def match(self, path: str) -> tuple[dict[str, Endpoint], dict[str, str]]:
        """The endpoints of a path by method, and the variable parts of the path.

        :raises ApiError: 36009009 when there is no such path.
        """
        try:
            template, arguments = self._paths.match(path)
        except NotFound:
            raise ApiError(36009009, "Invalid path. There is no such API") from None
        return self._by_template[template], dict(arguments)
