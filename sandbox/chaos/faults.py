"""What is broken, and how: each fault comes from outside, and has ended when its function returns."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg2

from sandbox.chaos.deployment import BEATS, Deployment
from sandbox.chaos.disk import SmallDisk
from sandbox.chaos.proxy import FaultProxy
from sandbox.client import SandboxControl
from sandbox.stack.paths import StackError
from sandbox.stack.processes import wait_for
from sandbox.stack.stack import Stack

_WHOLE_WORKERS = ("worker-1", "worker-2", "worker-late", "stock")
_POOLS = ("worker-1", "worker-2", "worker-late")
#: Seconds; more than the connector waits for a call to TikTok.
_TIKTOK_HANGS = 6.0
_SLOW_SECONDS = 4.0
_LOCK_SECONDS = 5.0
_FULL_SECONDS = 5.0


@dataclass(frozen=True)
class Fault:
    """One kind of fault. ``strike`` answers how often it happened, 0 when there was nothing to break."""

    name: str
    strike: Callable[[], int]


class Faults:
    """Everything that can go wrong, in the order of the table.

    :param revoke: a seller takes the authorization back, and gives it again.
    :param wipe: Redis loses all, and an operator restores a backup.
    :param disk: of Redis; ``None`` where nobody may mount one, which leaves out that it is full.
    """

    def __init__(
        self,
        stack: Stack,
        control: SandboxControl,
        deployment: Deployment,
        chance: random.Random,
        *,
        revoke: Callable[[], int],
        wipe: Callable[[], int],
        disk: SmallDisk | None,
    ) -> None:
        self._stack = stack
        self._control = control
        self._deployment = deployment
        self._chance = chance
        proxies = {"Redis": deployment.redis, "Odoo": deployment.odoo, "TikTok": deployment.tiktok}
        self.kinds: tuple[Fault, ...] = (
            Fault("SIGKILL of a worker's child process", lambda: self._kill_child(_POOLS)),
            Fault("SIGKILL of a whole worker", lambda: self._kill(_WHOLE_WORKERS)),
            Fault("SIGKILL of a beat", lambda: self._kill(BEATS)),
            Fault("SIGKILL of a gunicorn worker", lambda: self._kill_child(("web",))),
            Fault("Redis SIGKILLed, restarted from its append-only file", self._restart_redis),
            *((Fault(f"Redis's disk full for {_FULL_SECONDS:.0f} s", self._filling(disk)),) if disk else ()),
            Fault("Odoo killed and restarted", self._restart_odoo),
            Fault("PostgreSQL restarted", self._restart_postgres),
            Fault("A table of Odoo's locked for 5 s", self._lock_a_table),
            *(Fault(f"Connections to {name} cut", self._cutting(proxy)) for name, proxy in proxies.items()),
            *(Fault(f"{name} slowed to 1 kB/s for 4 s", self._slowing(proxy)) for name, proxy in proxies.items()),
            *(
                Fault(f"Answer of {name} reset in the middle, the work done", self._resetting(proxy))
                for name, proxy in proxies.items()
            ),
            Fault("TikTok answers 429", lambda: self._tiktok("429", retry_after=str(chance.randint(1, 3)))),
            Fault("TikTok answers 500", lambda: self._tiktok("500")),
            Fault("TikTok does not answer in time", lambda: self._tiktok("timeout", seconds=_TIKTOK_HANGS)),
            Fault("TikTok answers garbage", lambda: self._tiktok("garbage")),
            Fault("All access tokens expired", self._control.expire_access_token),
            Fault("Authorization revoked, then given again", revoke),
        )
        #: Happens once.
        self.wipe = Fault("Redis wiped, a backup restored", wipe)

    def plan(self, times: int) -> list[Fault]:
        """Every kind ``times`` times, shuffled; Redis is wiped once, in the middle."""
        planned = [kind for kind in self.kinds for _ in range(times)]
        self._chance.shuffle(planned)
        planned.insert(len(planned) // 2, self.wipe)
        return planned

    def _kill_child(self, names: Sequence[str]) -> int:
        wait_for(lambda: self._deployment.kill_child(self._chance.choice(names), self._chance), 30, "a child to kill")
        return 1

    def _kill(self, names: Sequence[str]) -> int:
        running = [name for name in names if self._deployment.processes()[name].running]
        if not running:
            return 0
        self._deployment.kill(self._chance.choice(running))
        return 1

    def _restart_redis(self) -> int:
        redis = self._stack.redis
        redis.kill()
        try:
            redis.restart()
        except StackError as error:  # killed before a heartbeat had it write its file anew, after its disk was full
            if "redis-check-aof" not in str(error):
                raise
            redis.check_append_only_file()
            redis.restart()
        return 1

    def _filling(self, disk: SmallDisk) -> Callable[[], int]:
        def strike() -> int:
            disk.fill()
            time.sleep(_FULL_SECONDS)
            disk.clear()
            return 1

        return strike

    def _restart_odoo(self) -> int:
        self._stack.odoo.kill()
        self._stack.odoo.restart()
        return 1

    def _restart_postgres(self) -> int:
        self._stack.odoo.postgres.restart()
        return 1

    def _lock_a_table(self) -> int:
        table = self._chance.choice(("sale_order", "stock_quant", "res_partner", "ir_model_data"))
        dsn = self._stack.odoo.postgres.dsn(self._stack.database)
        with contextlib.closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            time.sleep(_LOCK_SECONDS)
        return 1

    def _cutting(self, proxy: FaultProxy) -> Callable[[], int]:
        def strike() -> int:
            proxy.cut()
            return 1

        return strike

    def _slowing(self, proxy: FaultProxy) -> Callable[[], int]:
        def strike() -> int:
            proxy.slow(_SLOW_SECONDS)
            time.sleep(_SLOW_SECONDS)
            return 1

        return strike

    def _resetting(self, proxy: FaultProxy) -> Callable[[], int]:
        def strike() -> int:
            before = proxy.resets_done
            proxy.reset_answers(2)
            wait_for(lambda: proxy.resets_done > before, 60, "an answer to reset")
            return proxy.resets_done - before

        return strike

    def _tiktok(self, kind: str, *, seconds: float = 0, retry_after: str = "1") -> int:
        before = self._control.calls()["faults"].get(kind, 0)
        count = self._chance.randint(2, 6)
        self._control.fail_next(count, kind, seconds=seconds, retry_after=retry_after)
        wait_for(lambda: self._control.calls()["faults"].get(kind, 0) > before, 60, f"TikTok to answer {kind}")
        return count
