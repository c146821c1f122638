"""Odoo servers of a run, and the databases that they serve, each a copy of the template."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from sandbox.stack.odoo_package import OdooPackage
from sandbox.stack.postgres import ROLE, PostgresServer
from sandbox.stack.processes import Process, answers, free_port, listens, wait_for

TEMPLATE_DATABASE = "template_odoo"
CONFIG = """\
[options]
addons_path = {addons}
data_dir = {data}
db_host = 127.0.0.1
db_port = {db_port}
db_user = {role}
; The template must have no connections while it is copied.
dbfilter = ^(?!{template})
list_db = True
without_demo = True
max_cron_threads = 0
log_level = warn
; JSON-RPC warns of its removal at every call.
log_handler = :WARNING,odoo.addons.rpc.controllers.jsonrpc:ERROR,odoo.addons.rpc.controllers.xmlrpc:ERROR
http_interface = 127.0.0.1
http_port = {port}
{port_option} = {gevent_port}
workers = {workers}
; High enough that no worker is replaced in the middle of a test.
limit_memory_soft = 8589934592
limit_memory_hard = 0
limit_time_cpu = 1200
limit_time_real = 1800
limit_request = 10000000
"""


def write_config(
    path: Path,
    *,
    package: OdooPackage,
    postgres: PostgresServer,
    port: int,
    gevent_port: int,
    workers: int,
    addons: Iterable[Path] = (),
) -> Path:
    """Write Odoo's configuration file; its data folder is ``data`` beside the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        CONFIG.format(
            addons=",".join(map(str, [package.libraries / "odoo" / "addons", *addons])),
            data=path.parent / "data",
            db_port=postgres.port,
            role=ROLE,
            template=TEMPLATE_DATABASE,
            port=port,
            port_option=package.release.port_option,
            gevent_port=gevent_port,
            workers=workers,
        )
    )
    return path


def odoo_environment(package: OdooPackage) -> dict[str, str]:
    """Environment variables that any Odoo command needs."""
    # HOME: Odoo reads ~/.odoorc, which is nobody's business here. PG*: they would beat the configuration file.
    cleared = {name: "" for name in os.environ if name.startswith("PG")}
    return {**cleared, "PYTHONPATH": package.python_path, "HOME": "/nonexistent", "TZ": "UTC"}


class OdooServer(Process):
    """Odoo with ``workers`` HTTP processes (0: one process with threads), on ports of its own.

    :param folder: of its configuration, file store and log.
    :param filestore: the template's file store, copied with the database.
    :param addons: more folders of modules.
    """

    def __init__(
        self,
        folder: Path,
        *,
        package: OdooPackage,
        postgres: PostgresServer,
        filestore: Path,
        workers: int = 4,
        addons: Iterable[Path] = (),
    ) -> None:
        self.port = free_port()
        self.gevent_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.postgres = postgres
        self._ready_path = package.release.ready_path
        self._filestore = filestore
        self._data = folder / "data"
        config = write_config(
            folder / "odoo.conf",
            package=package,
            postgres=postgres,
            port=self.port,
            gevent_port=self.gevent_port,
            workers=workers,
            addons=addons,
        )
        self._base_command: list[str | Path] = [package.python, package.script, "server", "-c", config]
        self.environment = odoo_environment(package)
        super().__init__("Odoo", self._base_command, log=folder / "odoo.log", env=self.environment)

    def create_database(self, name: str) -> None:
        """Make database ``name`` as a copy of the template, in about a second; every running worker can serve it.

        :raises StackError: when it exists.
        """
        self.postgres.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE_DATABASE}"')
        shutil.copytree(self._filestore, self._data / "filestore" / name)

    def drop_database(self, name: str) -> None:
        """Delete a database and its files, whoever is connected."""
        self.postgres.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        shutil.rmtree(self._data / "filestore" / name, ignore_errors=True)

    def preload(self, database: str) -> None:
        """Have the next start load this database before it forks its workers, which makes all first calls quick."""
        self.command = [*map(str, self._base_command), "-d", database]

    def shell_command(self, database: str) -> list[str | Path]:
        """``odoo shell`` on ``database``, which runs the Python text on its standard input, in ``environment``."""
        program, script, _, *options = self._base_command
        return [program, script, "shell", *options, "-d", database, "--no-http"]

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Wait until HTTP workers answer (seconds).

        :raises StackError: with the end of its log.
        """
        self.wait_until(lambda: answers(f"{self.url}{self._ready_path}"), timeout)

    def restart(self) -> None:
        """Start again on the same ports, after a stop or a kill as well."""
        self.stop()
        # Killed workers give up the socket that they inherited a moment after their parent died.
        wait_for(lambda: not listens(self.port), 10, "Odoo's port to be free")
        self.start().wait_ready()
