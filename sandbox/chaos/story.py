"""Load and faults at once, then quiet, then the truth."""

from __future__ import annotations

import contextlib
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from sandbox.chaos.audit import Audit, audit
from sandbox.chaos.deployment import SETTINGS, WORKERS, Deployment
from sandbox.chaos.disk import SmallDisk
from sandbox.chaos.faults import Fault, Faults
from sandbox.chaos.leaks import buyers_data, leaks, secrets_of, written_by
from sandbox.client import SandboxControl, SandboxShop
from sandbox.control_session import SandboxControlError
from sandbox.scene import Seller, link, open_shops
from sandbox.stack.processes import T, wait_for
from sandbox.stack.stack import Stack
from worker.state.broker import CELERY_PREFIX
from worker.state.connection import connect
from worker.state.cursors import Cursors, workers_seen
from worker.state.dirty_set import DirtySet, Kind
from worker.state.orders import OrderQueue

#: Regions of the shops, and which seller each belongs to.
SELLERS = (("GB", "GB", "DE"), ("GB", "US"))
#: Internal Reference, name, list price, units.
PRODUCTS = [(f"CHAOS-{number:02}", f"Chaos {number:02}", 10.0 + number, 1_000_000) for number in range(1, 21)]
#: What is worked on besides orders; a worker that loses Redis leaves its leases to the sweeps.
_OTHERS: tuple[Kind, ...] = ("products", "inventory", "fulfillment")
#: Seconds. No task takes longer when nothing is broken.
_LONGEST_TASK = 60
#: Seconds.
_LONGEST_LEASE = max(float(value) for name, value in SETTINGS.items() if name.endswith("_LEASE"))
#: Errors of a system that somebody is just breaking.
_WHILE_BROKEN = (requests.RequestException, SandboxControlError, TimeoutError, RuntimeError, OSError, AssertionError)


@dataclass
class Outcome:
    """What the run came to. Times are in seconds."""

    audit: Audit
    faults: Counter[str]
    webhooks: dict[str, int]
    restarts: int
    longest_recovery: float
    load_seconds: float
    catch_up_seconds: float
    codes: dict[str, int]
    open_leases: Counter[str]
    silent_workers: int
    unacknowledged: int
    leaks: list[str]
    searched: int
    problems: list[str] = field(default_factory=list)


class Chaos:
    """One run.

    :param folder: where the connector keeps its logs.
    :param disk: what Redis writes to; ``None`` where nobody may mount one.
    """

    def __init__(
        self,
        stack: Stack,
        control: SandboxControl,
        deployment: Deployment,
        folder: Path,
        *,
        disk: SmallDisk | None,
        seed: int,
        say: Callable[[str], None],
    ) -> None:
        self._stack = stack
        self._control = control
        self._deployment = deployment
        self._installation = deployment.installation
        self._folder = folder
        self._backup = folder / "backup"
        self._chance = random.Random(seed)
        self._seed = seed
        self._say = say
        self._sellers: list[Seller] = []
        self._struck: Counter[str] = Counter()
        self._recovery = 0.0
        self.faults = Faults(stack, control, deployment, self._chance, revoke=self._revoke, wipe=self._wipe, disk=disk)

    def run(self, *, orders: int, rate: float, times: int) -> Outcome:
        """``orders`` over all shops at ``rate`` a second, each kind of fault ``times`` times meanwhile."""
        self._open()
        shops = self._shops
        self._control.webhooks(lose=0.05, duplicate=1, copies=3, reorder=1, reorder_seconds=5, seed=self._seed)
        for number, shop in enumerate(shops):
            self._control.place_orders(shop.id, orders // len(shops), rate=rate / len(shops), seed=self._seed + number)
        begun = time.monotonic()
        planned = self.faults.plan(times)
        pause = orders / rate / (len(planned) + 1)
        for number, fault in enumerate(planned):
            self._strike(fault, f"{number + 1} of {len(planned)}")
            due = begun + pause * (number + 1) * self._chance.uniform(0.9, 1.1)
            threading.Event().wait(max(0.0, due - time.monotonic()))
        self._control.wait_for_traffic(3600)
        loaded = time.monotonic()
        self._say("All orders are placed, nothing is broken any more; waiting until nothing is due")
        self._settle()
        settled = time.monotonic()
        self._say(f"Nothing is due {settled - loaded:.0f} s later; comparing")
        return self._outcome(loaded - begun, settled - loaded)

    @property
    def _shops(self) -> list[SandboxShop]:
        return [shop for seller in self._sellers for shop in seller.shops]

    def _open(self) -> None:
        self._say("Two sellers with five shops are linked; twenty products, stock is pushed to all")
        self._stack.add_products(PRODUCTS)
        for regions in SELLERS:
            names = [{"name": f"Chaos {number} {region}", "region": region} for number, region in enumerate(regions)]
            seller = open_shops(self._control, self._installation, names)
            for shop in seller.shops:
                listed = [
                    {"seller_sku": code, "title": name, "price": str(price), "quantity": 100_000}
                    for code, name, price, _ in PRODUCTS
                ]
                self._control.add_products(shop.id, listed)
            link(self._control, self._installation, seller)
            self._sellers.append(seller)
        wait_for(self._mapped, 120, "the catalogue")
        for shop in self._shops:
            self._installation.cli("inventory", "push", "--shop", shop.id, "--apply")
        self._installation.cli("backup", "export", str(self._backup))

    def _mapped(self) -> bool:
        rows = self._installation.cli_json("catalog", "list")
        return sum(int(row["mapped"]) for row in rows) >= len(PRODUCTS) * len(self._shops)

    # Faults that need the sellers

    def _revoke(self) -> int:
        seller = self._chance.choice(self._sellers)
        self._control.revoke(seller.username)
        self._link_again(seller)
        return 1

    def _wipe(self) -> int:
        connect(self._stack.redis.url).flushall()
        self._patiently(
            lambda: self._installation.cli("backup", "restore", str(self._backup), "--yes"), "the backup to be restored"
        )
        # The backup's tokens may be older than those that TikTok takes: then the sellers authorize again.
        for seller in self._sellers:
            self._link_again(seller)
        return 1

    def _link_again(self, seller: Seller) -> None:
        self._patiently(
            lambda: link(self._control, self._installation, seller), f"{seller.username} to authorize again"
        )

    def _patiently(self, attempt: Callable[[], Any], what: str) -> None:
        """Try until it succeeds, as a person does who is told to try again."""

        def tried() -> bool:
            try:
                return bool(attempt())
            except _WHILE_BROKEN as error:
                self._say(f"    once more: {str(error).splitlines()[-1][:150]}")
                threading.Event().wait(2)
                return False

        wait_for(tried, 300, what)

    # The run

    def _strike(self, fault: Fault, where: str) -> None:
        before = self._sold()
        begun = time.monotonic()
        count = fault.strike()
        self._struck[fault.name] += count
        ended = time.monotonic()
        # Orders come all the time: the next one in Odoo shows that all is working again. Another fault may come first.
        if self._control.stats()["traffic_running"]:
            after = self._sold()
            wait_for(lambda: self._sold() > after, 300, f"orders to come in after: {fault.name}")
        recovered = time.monotonic() - ended
        self._recovery = max(self._recovery, recovered)
        self._say(
            f"  {where}: {fault.name} ({ended - begun:.1f} s); next order {recovered:.1f} s later, "
            f"{self._sold() - before} meanwhile, {self._sold()} in all"
        )

    def _sold(self) -> int:
        """How many orders are in Odoo; nobody knows while PostgreSQL is away, so it is asked patiently."""
        return int(self._stack.sql("SELECT COUNT(*) FROM sale_order WHERE state IN ('sale', 'cancel')")[0][0])

    def _settle(self) -> None:
        self._control.clear_faults()
        self._control.webhooks(lose=0, duplicate=0, reorder=0)
        wait_for(lambda: self._control.stats()["webhooks"]["pending"] == 0, 900, "the last webhooks")
        placed = int(time.time()) + 1
        redis = connect(self._stack.redis.url)
        cursors = Cursors(redis)
        shops = self._shops
        orders = [OrderQueue(redis, shop.id) for shop in shops]
        others = [DirtySet(redis, kind, shop.id) for kind in _OTHERS for shop in shops]
        told = time.monotonic()

        def settled() -> bool:
            nonlocal told
            counts = [queue.counts() for queue in orders]
            work = sum(each.due + each.later + each.leased for each in counts)
            if time.monotonic() - told > 10:
                told = time.monotonic()
                open_ones = Counter[str]({"orders": work})
                for queue in others:
                    open_ones[queue.kind] += queue.open_count()
                self._say("    open: " + ", ".join(f"{count} {kind}" for kind, count in open_ones.items()))
            polled = min(cursors.last_poll(shop.id) or 0 for shop in shops) > placed
            return polled and not work and not any(queue.open_count() for queue in others)

        wait_for(settled, 1800, "nothing to be due")

    def _outcome(self, load_seconds: float, catch_up_seconds: float) -> Outcome:
        codes: dict[str, int] = {}
        problems: list[str] = []
        for command in (("orders", "reconcile"), ("inventory", "reconcile")):
            done: subprocess.CompletedProcess[str] = self._installation.cli(*command, check=False)
            codes[" ".join(command)] = done.returncode
            if done.returncode:
                problems.append(done.stdout + done.stderr)
        needles = secrets_of(self._installation.environment, self._sellers)
        needles += [each for shop in self._shops for each in buyers_data(self._control, shop.id)]
        return Outcome(
            audit=audit(self._stack, self._control, self._shops),
            faults=self._struck,
            webhooks=self._control.stats()["webhooks"],
            restarts=self._deployment.restarts,
            longest_recovery=self._recovery,
            load_seconds=load_seconds,
            catch_up_seconds=catch_up_seconds,
            codes=codes,
            open_leases=self._leases(),
            silent_workers=self._silent(),
            unacknowledged=self._unacknowledged(),
            leaks=leaks(written_by(self._folder), needles),
            searched=len(needles),
            problems=problems,
        )

    def _leases(self) -> Counter[str]:
        """What nobody works on nor takes up again, by its key in Redis: leases that were there at first and outlast
        the longest lease. Others come and go: stock is looked at all the time."""
        redis = connect(self._stack.redis.url)

        def leases() -> set[tuple[str, str]]:
            return {(key, one) for key in redis.scan_iter("tts:*:leased:*") for one in redis.zrange(key, 0, -1)}

        return Counter(key for key, _ in _stays(leases, 2 * _LONGEST_LEASE, "leases to end"))

    def _silent(self) -> int:
        """Workers that complete no heartbeat any more. Beat sends one through each queue every ten seconds, to whoever
        waits longest; a worker of one queue has its turn about once in a minute."""
        redis = connect(self._stack.redis.url)

        def silent() -> int:
            return len(WORKERS) - sum(1 for age in workers_seen(redis).values() if age < 2 * _LONGEST_TASK)

        with contextlib.suppress(TimeoutError):
            wait_for(lambda: not silent(), 3 * _LONGEST_TASK, "every worker to complete a heartbeat")
        return max(0, silent())

    def _unacknowledged(self) -> int:
        """Messages of killed workers: what is left when each was given longer than a task takes. Celery delivers them
        again after its visibility timeout; nothing waits for them, since the dirty set knows what is to do."""
        redis = connect(self._stack.redis.broker_url)
        messages = f"{CELERY_PREFIX}unacked"
        return len(_stays(lambda: set(redis.hkeys(messages)), _LONGEST_TASK, "messages to be acknowledged"))


def _stays(look: Callable[[], set[T]], seconds: float, what: str) -> set[T]:
    """What is there now and stays for so many seconds; what comes later does not count."""
    left = look()

    def gone() -> bool:
        left.intersection_update(look())
        return not left

    with contextlib.suppress(TimeoutError):
        wait_for(gone, seconds, what)
    return left
