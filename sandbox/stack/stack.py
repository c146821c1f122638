"""Redis, PostgreSQL and Odoo of one run; or Redis alone beside an Odoo of one's own (``ODOO_URL``)."""

from __future__ import annotations

import contextlib
import os
import urllib.parse
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Self

import odoorpc
import psycopg2

from sandbox.stack.odoo import OdooServer
from sandbox.stack.paths import StackError, claim_run_folder
from sandbox.stack.postgres import PostgresServer
from sandbox.stack.prepare import prepare
from sandbox.stack.redis import RedisServer
from sandbox.stack.releases import ODOO_19, OdooRelease
from sandbox.stack.template import Credentials

GIVEN = ("ODOO_URL", "ODOO_DB", "ODOO_USER", "ODOO_PASSWORD")


#: What makes a product storable before Odoo 18.
_STORABLE = {"type": "product"}


class StockedProduct(NamedTuple):
    """A product to make: its Internal Reference, name, sales price and units on hand."""

    default_code: str
    name: str
    price: float
    quantity: float


class Stack:
    """A context manager that starts the servers and ends them.

    With ``ODOO_URL``, ``ODOO_DB``, ``ODOO_USER`` and ``ODOO_PASSWORD`` in the environment only Redis is started;
    ``admin`` then needs ``ODOO_ADMIN_USER`` and ``ODOO_ADMIN_PASSWORD``, and ``sql`` is not available.

    :param name: of the run folder ``.run/<name>``, which is emptied first and keeps the logs afterwards.
    :param workers: HTTP worker processes of Odoo; 0 is one process with threads.
    :param addons: folders of modules that the private Odoo may install besides its own.
    :param release: which Odoo the private one is.
    """

    redis: RedisServer

    def __init__(
        self,
        name: str,
        *,
        workers: int = 4,
        database: str = "shop",
        addons: Iterable[Path] = (),
        release: OdooRelease = ODOO_19,
        report: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._name = name
        self._workers = workers
        self._addons = list(addons)
        self._release = release
        self._report = report
        self._cleanup = contextlib.ExitStack()
        self._odoo: OdooServer | None = None
        self._lock: IO[str] | None = None
        self._folder: Path | None = None
        self._admin: Any = None
        self._credentials: Credentials | None = None
        missing = [name for name in GIVEN if not os.environ.get(name)]
        self.own_odoo = "ODOO_URL" in missing
        if not self.own_odoo and missing:
            raise StackError(f"ODOO_URL is set, so set {', '.join(missing)} too.")
        self.database = database if self.own_odoo else os.environ["ODOO_DB"]

    @property
    def folder(self) -> Path:
        """The run folder; others may keep their files and logs in it."""
        if self._folder is None:
            raise StackError("The stack is not started.")
        return self._folder

    @property
    def odoo(self) -> OdooServer:
        """The private Odoo.

        :raises StackError: when ``ODOO_URL`` names one of one's own, which is not ours to stop or restart.
        """
        if self._odoo is None:
            raise StackError("There is no private Odoo here: ODOO_URL is set, or the stack is not started.")
        return self._odoo

    @property
    def credentials(self) -> Credentials:
        """Logins of the private Odoo: the bot's, with its API key, and the administrator's."""
        if self._credentials is None:
            raise StackError("There is no private Odoo here: ODOO_URL is set, or the stack is not started.")
        return self._credentials

    def start(self) -> Self:
        """Start everything and return when all of it answers; ends what it started when something fails.

        :raises StackError: with the end of the log of what failed.
        """
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def _start(self) -> None:
        self._folder, lock = claim_run_folder(self._name)
        self._cleanup.enter_context(lock)
        self.redis = self._cleanup.enter_context(RedisServer(self.folder / "redis"))
        if self.own_odoo:
            self._start_odoo()
        self.redis.wait_ready()

    def _start_odoo(self) -> None:
        package, template = prepare(self._report, self._release)
        self._credentials = template.credentials
        postgres = PostgresServer(self.folder / "postgres", copy_of=template.cluster)
        postgres.prepare()
        self._cleanup.callback(postgres.discard)
        postgres.start().wait_ready()
        odoo = OdooServer(
            self.folder / "odoo",
            package=package,
            postgres=postgres,
            filestore=template.filestore,
            workers=self._workers,
            addons=self._addons,
        )
        odoo.create_database(self.database)
        odoo.preload(self.database)
        self._cleanup.callback(odoo.kill)  # its polite stop takes five seconds, for a database that is thrown away
        self._odoo = odoo.start()
        odoo.wait_ready()

    def stop(self) -> None:
        """End every server; the logs stay in the run folder."""
        self._cleanup.close()
        self._odoo = self._admin = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def environment(self) -> dict[str, str]:
        """Variables that point the connector here. The password is the bot's API key, which JSON-2 needs."""
        given = (
            {name: os.environ[name] for name in GIVEN}
            if not self.own_odoo
            else {
                "ODOO_URL": self.odoo.url,
                "ODOO_DB": self.database,
                "ODOO_USER": self.credentials.bot_login,
                "ODOO_PASSWORD": self.credentials.bot_api_key,
            }
        )
        return {**given, "REDIS_URL": self.redis.url}

    def login(self, user: str, password: str, database: str | None = None) -> Any:
        """Return an odoorpc session on the stack's Odoo.

        :raises odoorpc.error.RPCError: when the login is refused.
        """
        url = urllib.parse.urlsplit(self.environment()["ODOO_URL"])
        secure = url.scheme == "https"
        protocol = "jsonrpc+ssl" if secure else "jsonrpc"
        session = odoorpc.ODOO(url.hostname, protocol=protocol, port=url.port or (443 if secure else 80), timeout=600)
        session.login(database or self.database, user, password)
        return session

    def admin(self) -> Any:
        """Return an odoorpc session of the administrator, always the same one."""
        if self._admin is None and self.own_odoo:
            self._admin = self.login(self.credentials.admin_login, self.credentials.admin_password)
        elif self._admin is None:
            user, password = (os.environ.get(name, "") for name in ("ODOO_ADMIN_USER", "ODOO_ADMIN_PASSWORD"))
            if not user or not password:
                raise StackError("Set ODOO_ADMIN_USER and ODOO_ADMIN_PASSWORD: products are made as an administrator.")
            self._admin = self.login(user, password)
        return self._admin

    def add_products(self, products: Iterable[tuple[str, str, float, float]]) -> dict[str, int]:
        """Make storable products with stock in the first warehouse; three calls for any number.

        :param products: ``StockedProduct`` or plain tuples of the same.
        :returns: product variant ids by Internal Reference.
        """
        rows = [StockedProduct(*row) for row in products]
        admin = self.admin()
        storable = {"type": "consu", "is_storable": True} if self._has("product.product", "is_storable") else _STORABLE
        values = [
            {"default_code": row.default_code, "name": row.name, "list_price": row.price, **storable} for row in rows
        ]
        ids = admin.execute_kw("product.product", "create", [values])
        warehouse = admin.execute_kw("stock.warehouse", "search_read", [[], ["lot_stock_id"]], {"limit": 1})[0]
        quants = [
            {
                "product_id": product,
                "location_id": warehouse["lot_stock_id"][0],
                "inventory_quantity": row.quantity,
            }
            for product, row in zip(ids, rows, strict=True)
            if row.quantity
        ]
        if quants:
            self.count(quants)
        return {row.default_code: product for product, row in zip(ids, rows, strict=True)}

    def _has(self, model: str, field: str) -> bool:
        """Whether this version of Odoo has the field."""
        return bool(self.admin().execute_kw(model, "fields_get", [[field]], {"attributes": ["type"]}))

    def let_create_products(self, allowed: bool = True) -> None:
        """Give the bot user the right *Products: Create*, which creating products needs; or take it away."""
        # Before Odoo 18 that came with a whole application's administration.
        self.let_bot(
            "product.group_product_manager"
            if self._has("product.product", "is_storable")
            else "stock.group_stock_manager",
            allowed=allowed,
        )

    def let_bot(self, reference: str, *, allowed: bool = True) -> None:
        """Put the bot user into a group (``account.group_account_invoice``), or take it out again."""
        admin, login = self.admin(), self.environment()["ODOO_USER"]
        group = admin.execute_kw("ir.model.data", "check_object_reference", reference.split("."))[1]
        bot = admin.execute_kw("res.users", "search", [[("login", "=", login)]])
        groups = "group_ids" if self._has("res.users", "group_ids") else "groups_id"
        admin.execute_kw("res.users", "write", [bot, {groups: [(4 if allowed else 3, group)]}])

    def add_company_contact(self, name: str) -> int:
        """A contact that is a company, such as a vendor; answers its id."""
        values = {"name": name, "is_company": True}
        contact: int = self.admin().execute_kw("res.partner", "create", [[values]])[0]
        return contact

    def add_bank_journal(self, name: str, currency: str) -> int:
        """A bank journal in a currency; answers its id."""
        admin = self.admin()
        found = admin.execute_kw("res.currency", "search", [[("name", "=", currency)]])
        values = {"name": name, "type": "bank", "currency_id": found[0]}
        journal: int = admin.execute_kw("account.journal", "create", [[values]])[0]
        return journal

    def set_quantity(self, product_id: int, quantity: float, *, warehouse: str | None = None) -> None:
        """Count a product anew: ``quantity`` units lie in the stock location of a warehouse (its code; or the first).

        :raises StackError: there is no such warehouse, or Odoo does not take the count.
        """
        domain = [("code", "=", warehouse)] if warehouse else []
        admin = self.admin()
        found = admin.execute_kw("stock.warehouse", "search_read", [domain, ["lot_stock_id"]], {"limit": 1})
        if not found:
            raise StackError(f"Odoo has no warehouse with the code {warehouse!r}.")
        location = found[0]["lot_stock_id"][0]
        count = {"product_id": product_id, "location_id": location, "inventory_quantity": quantity}
        here = [("product_id", "=", product_id), ("location_id", "=", location)]
        # An order that is confirmed between the two calls can make Odoo forget the count without a word, or split the
        # quant. Opening *Physical Inventory* puts quants together; then a person would count again.
        for _ in range(5):
            self.count([count])
            quants = admin.execute_kw("stock.quant", "search_read", [here, ["quantity"]])
            if sum(quant["quantity"] for quant in quants) == quantity:
                return
            admin.execute_kw("stock.quant", "action_view_inventory", [])
        raise StackError(f"Odoo does not take the count of product {product_id}: {quantity} units in {location}.")

    def count(self, quants: Sequence[Mapping[str, object]], **more: object) -> None:
        """Have a person count: quants as Odoo's *Physical Inventory* makes them.

        :param more: context, such as ``allowed_company_ids``.
        """
        context = {"context": {"inventory_mode": True, **more}}
        counted = self.admin().execute_kw("stock.quant", "create", [quants], context)
        if self._has("stock.quant", "inventory_quantity_set"):  # Odoo 14 takes a count at once
            self.admin().execute_kw("stock.quant", "action_apply_inventory", [counted], context)

    def add_kit(self, default_code: str, name: str, price: float, components: Iterable[tuple[int, float]]) -> int:
        """Make a kit (a phantom bill of materials) of ``(product variant id, units)``; answers its variant id.

        The kit itself is not storable, as a product that a person makes in Odoo is not either.
        """
        lines = [(0, 0, {"product_id": component, "product_qty": units}) for component, units in components]
        values = {
            "default_code": default_code,
            "name": name,
            "list_price": price,
            "type": "consu",
            "bom_ids": [(0, 0, {"type": "phantom", "bom_line_ids": lines})],
        }
        kit: int = self.admin().execute_kw("product.product", "create", [[values]])[0]
        return kit

    def sql(self, query: str, *parameters: object, database: str | None = None) -> list[tuple[Any, ...]]:
        """Run one query on the stack's database in a transaction of its own and return its rows, if it has any."""
        dsn = self.odoo.postgres.dsn(database or self.database)
        # "with connection" ends the transaction only; closing() ends the connection.
        with contextlib.closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []
