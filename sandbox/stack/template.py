"""The template: a stopped PostgreSQL cluster with one provisioned Odoo database, made once and copied for every run."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandbox.stack import postgres, provision
from sandbox.stack.odoo import TEMPLATE_DATABASE, odoo_environment, write_config
from sandbox.stack.odoo_package import OdooPackage
from sandbox.stack.paths import StackError, cache_folder
from sandbox.stack.postgres import PostgresServer
from sandbox.stack.processes import free_port


@dataclass(frozen=True)
class Credentials:
    """What opens a database made from the template. The API key works as a password on every API of Odoo."""

    bot_login: str
    bot_password: str
    bot_api_key: str
    admin_login: str
    admin_password: str


@dataclass(frozen=True)
class Template:
    """Where the template is kept."""

    cluster: Path
    filestore: Path
    credentials: Credentials


def ensure_template(package: OdooPackage) -> Template:
    """Return the template, made anew when Odoo, the modules, the provisioning or PostgreSQL changed.

    :raises StackError: with the log of the step that failed.
    """
    folder = package.release.folder(cache_folder(), "template")
    stamp = folder / "stamp"
    wanted = _fingerprint(package)
    if not (stamp.exists() and stamp.read_text() == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        _make(folder, package)
        stamp.write_text(wanted)
    credentials = Credentials(**json.loads((folder / "credentials.json").read_text()))
    return Template(folder / "cluster", folder / "filestore", credentials)


def _fingerprint(package: OdooPackage) -> str:
    server = Path(postgres.program("postgres")).resolve()
    source = Path(provision.__file__).read_text()
    settings = json.dumps([package.release.modules, TEMPLATE_DATABASE, str(server), package.fingerprint])
    return hashlib.sha256(f"{settings}\n{source}".encode()).hexdigest()


def _make(folder: Path, package: OdooPackage) -> None:
    work = folder / "work"
    credentials = folder / "credentials.json"
    work.mkdir(parents=True)
    with os.fdopen(os.open(credentials, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(
            {
                "bot_login": provision.BOT_LOGIN,
                "bot_password": secrets.token_urlsafe(12),
                "admin_login": "admin",
                "admin_password": secrets.token_urlsafe(12),
            },
            file,
        )
    cluster = PostgresServer(work / "postgres")
    cluster.prepare()
    with cluster:
        cluster.wait_ready()
        config = write_config(
            work / "odoo.conf", package=package, postgres=cluster, port=free_port(), gevent_port=free_port(), workers=0
        )
        cluster.execute(f'CREATE DATABASE "{TEMPLATE_DATABASE}" TEMPLATE template0')
        install = ["server", "-i", ",".join(package.release.modules), "--stop-after-init", "--no-http"]
        _run_odoo(package, config, install, "")
        script = Path(provision.__file__).read_text()
        _run_odoo(package, config, ["shell", "--no-http"], f"{script}\nprovision(env, {str(credentials)!r})\n")
        if "bot_api_key" not in json.loads(credentials.read_text()):
            raise StackError("The provisioning of Odoo ended without making the bot's key.")
        cluster.execute("VACUUM ANALYZE", TEMPLATE_DATABASE)
    # move() copies when the data are in a stand-in below /var/tmp, on another file system perhaps.
    subprocess.run(["cp", "-a", "--reflink=auto", cluster.data, folder / "cluster"], check=True)
    (work / "data" / "filestore" / TEMPLATE_DATABASE).rename(folder / "filestore")
    cluster.discard()
    shutil.rmtree(work)


def _run_odoo(package: OdooPackage, config: Path, arguments: list[str], script: str) -> None:
    command: list[str | Path] = [package.python, package.script, *arguments, "-c", config, "-d", TEMPLATE_DATABASE]
    environment = {**os.environ, **odoo_environment(package)}
    done = subprocess.run(command, env=environment, input=script, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"odoo {arguments[0]} failed:\n" + "\n".join(done.stderr.splitlines()[-30:]))
