"""``make bench-receiver``: signed webhooks a second, and how long an answer takes, as wrk measures it.

The receiver is compared with (a) the limit, a Flask view that does nothing under the same gunicorn, and (b) what a
seller would have otherwise, a controller in Odoo that checks the same signature and stores the event in a table. No
webhook is sent twice, and what was acknowledged is counted in Redis and in Odoo's table afterwards.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, Goal, machine, tell
from benchmarks.plots import draw
from benchmarks.selling import linked_shops
from benchmarks.telling import say
from benchmarks.webhooks import signed_webhook
from sandbox.client import SandboxApp, SandboxControl
from sandbox.installation import Installation
from sandbox.scene import Seller
from sandbox.serving import serving
from sandbox.stack.processes import Process, free_port, listens
from sandbox.stack.stack import Stack
from worker.cli.processes import gunicorn_options
from worker.state.connection import connect
from worker.state.orders import OrderQueue

_HERE = Path(__file__).parent
_PATH = "/tiktok/webhook"
_WARM_UP_SECONDS = 3
_WRK_THREADS = 2
_PLOT = [
    ("a controller in Odoo", "receiver.odoo.rate"),
    ("the receiver", "receiver.ours.rate"),
    ("a view that does nothing", "receiver.limit.rate"),
]
#: Processes and threads of the receiver by default; Odoo has as many processes.
_PROCESSES, _THREADS = 2, 8


@dataclass(frozen=True)
class Load:
    """What wrk measured. ``refused`` are answers other than 2xx, ``broken`` requests without an answer."""

    requests: int
    seconds: float
    median_ms: float
    p99_ms: float
    refused: int
    broken: int

    @property
    def acknowledged(self) -> int:
        return self.requests - self.refused

    @property
    def rate(self) -> float:
        return self.acknowledged / self.seconds


class Receivers:
    """One run."""

    def __init__(self, stack: Stack, seller: Seller, *, seconds: int, connections: int) -> None:
        self.stack = stack
        self.seller = seller
        self.shop_id = seller.shops[0].id
        self._seconds = seconds
        self._connections = connections
        self._webhooks = stack.folder / "webhooks.txt"
        self._sent = 0
        self.figures: list[Figure] = []

    def sign(self, count: int) -> None:
        """Webhooks of ``count`` orders, ready to send."""
        app = self.seller.app
        with self._webhooks.open("w", encoding="utf-8") as file:
            for number in range(count):
                body, signature = signed_webhook(app, self.shop_id, f"5764{number:014}")
                file.write(f"{signature}\t{body.decode()}\n")

    def _wrk(self, url: str, seconds: int, *, database: str = "", again: bool = False) -> Load:
        """:param again: webhooks that were sent before will do."""
        first = 0 if again else self._sent
        command = ["wrk", f"-t{_WRK_THREADS}", f"-c{self._connections}", f"-d{seconds}s", "--timeout", "10s"]
        script = ["-s", str(_HERE / "webhooks.lua"), url, "--", str(self._webhooks)]
        done = subprocess.run(
            [*command, *script, str(first), str(_WRK_THREADS), database], capture_output=True, text=True, check=True
        )
        found = Load(**json.loads(done.stdout.splitlines()[-1]))
        if not again:  # every thread of wrk takes its own lines; one may have been faster than the others
            self._sent += (found.requests + self._connections) * _WRK_THREADS
        return found

    def stored(self) -> int:
        """Orders that the receiver has made due."""
        return OrderQueue(connect(self.stack.redis.url), self.shop_id).open_count()

    def stored_in_odoo(self) -> int:
        """Webhooks in the table of the controller in Odoo."""
        return int(self.stack.sql("SELECT count(*) FROM tiktok_webhook")[0][0])

    def tell(self, key: str, name: str, load: Load, *, goal: Goal | None = None) -> None:
        """The figures of one receiver."""
        self._add(f"{key}.rate", f"{name}: webhooks acknowledged a second", load.rate, "webhooks/s")
        self._add(f"{key}.median", f"{name}: median", load.median_ms, "ms")
        self._add(f"{key}.p99", f"{name}: 99th percentile", load.p99_ms, "ms", goal)
        failed = load.refused + load.broken
        self._add(f"{key}.failed", f"{name}: refused, or without an answer", failed, "webhooks", Goal("=", 0))

    def _add(self, key: str, text: str, value: float, unit: str, goal: Goal | None = None) -> None:
        self.figures.append(Figure(f"receiver.{key}", text, value, unit, goal))
        say(f"{text}: {self.figures[-1].shown}")

    def measure(self, installation: Installation) -> None:
        """All three, each with the machine to itself."""
        with null_receiver(self.stack.folder) as url:
            limit = self._load(url, again=True)[1]
        self.tell("limit", "A view that does nothing", limit)
        web = installation.start_web("--workers", str(_PROCESSES), "--threads", str(_THREADS))
        before = self.stored()
        ours = self._load(f"{installation.web_url}{_PATH}")
        web.stop()
        self.tell("ours", "The receiver", ours[1], goal=Goal("≤", 20))
        lost = sum(load.acknowledged for load in ours) - (self.stored() - before)
        # What wrk no longer waited for when its time was over is stored, too: never fewer, sometimes more.
        text = "The receiver: acknowledged and not stored"
        self._add("ours.lost", text, max(0, lost), "webhooks", Goal("=", 0))
        odoo = self._load(f"{self.stack.odoo.url}{_PATH}", database=self.stack.database)
        self.tell("odoo", "A controller in Odoo", odoo[1])
        lost = sum(load.acknowledged for load in odoo) - self.stored_in_odoo()
        self._add("odoo.lost", "A controller in Odoo: acknowledged and not stored", max(0, lost), "webhooks")
        text = "The receiver, in parts of a view that does nothing"
        self._add("ratio.limit", text, ours[1].rate / limit.rate, "", Goal("≥", 0.7))
        text = "The receiver, times a controller in Odoo"
        self._add("ratio.odoo", text, ours[1].rate / odoo[1].rate, "", Goal("≥", 10))

    def _load(self, url: str, *, database: str = "", again: bool = False) -> tuple[Load, Load]:
        """The warm-up, and what is measured."""
        warm_up = self._wrk(url, _WARM_UP_SECONDS, database=database, again=again)
        return warm_up, self._wrk(url, self._seconds, database=database, again=again)


@contextlib.contextmanager
def null_receiver(folder: Path) -> Iterator[str]:
    """The view that does nothing, under gunicorn with the receiver's options; gives its address."""
    port = free_port()
    address = f"127.0.0.1:{port}"
    options = gunicorn_options(address, workers=_PROCESSES, threads=_THREADS, log_level="warning")
    gunicorn = Path(sys.executable).with_name("gunicorn")
    command: list[str | Path] = [gunicorn, *options, "benchmarks.null_view:create_app()"]
    process = Process("limit", command, log=folder / "limit.log", cwd=_HERE.parent)
    with process:
        process.wait_until(lambda: listens(port), 30)
        yield f"http://{address}{_PATH}"


def linked_seller(control: SandboxControl, installation: Installation) -> Seller:
    """One shop, linked; nothing runs afterwards but what is measured."""
    installation.start_web()
    installation.start_worker(environment={"LOG_LEVEL": "INFO"})  # which tells when it is ready
    seller = linked_shops(control, installation, "Receiver", 1)
    installation.stop()
    return seller


def install_controller(stack: Stack, app: SandboxApp) -> None:
    """The addon in Odoo, with the app's secret."""
    admin = stack.admin()
    admin.execute_kw("ir.module.module", "update_list", [])
    found = admin.execute_kw("ir.module.module", "search", [[("name", "=", "tiktok_webhook")]])
    admin.execute_kw("ir.module.module", "button_immediate_install", [found])
    for name, value in (("tiktok.app_key", app.app_key), ("tiktok.app_secret", app.app_secret)):
        admin.execute_kw("ir.config_parameter", "set_param", [name, value])


def main() -> int:
    """Set the scene, measure, tell."""
    parser = argparse.ArgumentParser(prog="make bench-receiver", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--seconds", type=int, default=15, help="of load for each")
    parser.add_argument("--connections", type=int, default=8, help="of wrk at once; each sends as soon as it can")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md and docs/benchmarks.json")
    options = parser.parse_args()
    with (
        Stack("bench-receiver", workers=_PROCESSES, addons=[_HERE / "odoo_addons"], report=say) as stack,
        serving(stack.folder) as url,
        Installation(stack.folder, {**stack.environment(), "LOG_LEVEL": "WARNING"}, url) as installation,
    ):
        seller = linked_seller(SandboxControl(url), installation)
        say("Installing the controller in Odoo")
        install_controller(stack, seller.app)
        receivers = Receivers(stack, seller, seconds=options.seconds, connections=options.connections)
        receivers.sign(8000 * (options.seconds + _WARM_UP_SECONDS))
        receivers.measure(installation)
    if options.write:
        draw("receiver", "Webhooks acknowledged a second", _PLOT, receivers.figures)
    heading = f"{options.connections} connections for {options.seconds} s each, on {machine()}."
    return tell("receiver", receivers.figures, heading, keep=options.write)


if __name__ == "__main__":
    sys.exit(main())
