"""One step of a shop's catalogue or stock in a process of its own, as a worker does it, so that its memory is its own.

``python -m benchmarks.steps catalogue|push|reconcile SHOP`` with the connector's settings in the environment; answers
a JSON object on standard output and tells its progress on standard error.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.counting import CountingOdoo
from worker.logs import configure
from worker.settings import Settings
from worker.sync.catalog_drain import CatalogDrain
from worker.sync.catalog_pull import pull
from worker.sync.inventory_push import InventoryPush
from worker.sync.inventory_reconcile import reconcile_stock
from worker.sync.runtime import Runtime

_SAY_EVERY = 10.0


class StepError(RuntimeError):
    """A step came to no end."""


@dataclass(frozen=True)
class StepResult:
    """What a step did.

    :param done: SKUs that were bound, set or compared.
    :param left: what remained to be done, parked or drifted; 0 when all is well.
    :param peak_mb: most memory that the process had at once (resident set), in MB of 1,000,000 bytes.
    :param odoo: calls to Odoo by ``model.method``.
    """

    seconds: float
    done: int
    left: int
    peak_mb: float
    odoo: dict[str, int] = field(default_factory=dict)

    @property
    def odoo_calls(self) -> Counter[str]:
        return Counter(self.odoo)


def run_step(step: str, shop_id: str, environment: Mapping[str, str]) -> StepResult:
    """Run ``step`` in a process of its own and wait for it.

    :param environment: of the process, whole.
    :raises StepError: it failed; its reason is on standard error.
    """
    command = [sys.executable, "-m", "benchmarks.steps", step, shop_id]
    root = Path(__file__).parents[1]
    done = subprocess.run(
        command, env=dict(environment), cwd=root, stdout=subprocess.PIPE, text=True, check=False, timeout=3600
    )
    if done.returncode:
        raise StepError(f"The step {step} ended with {done.returncode}; see above.")
    return StepResult(**json.loads(done.stdout))


class Progress:
    """Tells how far a step is, every ten seconds."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _SAY_EVERY

    def at(self, done: int, what: str) -> None:
        """``done`` of ``what`` are behind us."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _SAY_EVERY
            print(f"         … {done:,} {what}", file=sys.stderr, flush=True)


def catalogue(runtime: Runtime, shop_id: str) -> tuple[int, int]:
    """As the tasks ``catalog.pull`` and ``catalog.drain`` do it; answers how many SKUs were bound, and not bound."""
    shop = runtime.shops.get(shop_id)
    progress = Progress()
    pull(runtime, shop, advance=lambda done, total: progress.at(done, f"of {total:,} listed"))
    bound = unbound = 0
    while True:
        done = CatalogDrain(runtime, shop).run()
        bound, unbound = bound + done.bound, unbound + done.unbound
        progress.at(bound, "bound")
        if not done.more:
            return bound, unbound + runtime.product_queue(shop_id).open_count()


def push(runtime: Runtime, shop_id: str) -> tuple[int, int]:
    """As the task ``inventory.push`` does it; answers how many SKUs were set, and how many products are not done."""
    progress = Progress()
    pushed = 0
    while True:
        done = InventoryPush(runtime, runtime.shops.get(shop_id)).run()
        pushed += done.pushed
        progress.at(pushed, "set on TikTok")
        if not done.more:
            return pushed, runtime.inventory_queue(shop_id).open_count()


def reconcile(runtime: Runtime, shop_id: str) -> tuple[int, int]:
    """As the task ``inventory.reconcile`` does it; answers how many SKUs were compared, and how many drifted."""
    progress = Progress()
    shop = runtime.shops.get(shop_id)
    report = reconcile_stock(runtime, shop, advance=lambda done, total: progress.at(done, f"of {total:,} compared"))
    return report.compared, len(report.drift)


STEPS: dict[str, Callable[[Runtime, str], tuple[int, int]]] = {
    "catalogue": catalogue,
    "push": push,
    "reconcile": reconcile,
}


def peak_mb() -> float:
    """Most memory that this process had at once, in MB.

    From ``VmHWM`` where there is one: what getrusage tells begins with the memory of the process that started us.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main() -> int:
    """Do one step."""
    step, shop_id = sys.argv[1:]
    settings = Settings()
    configure(settings)
    runtime = Runtime(settings)
    runtime.odoo = odoo = CountingOdoo(runtime.odoo)
    started = time.monotonic()
    done, left = STEPS[step](runtime, shop_id)
    seconds = time.monotonic() - started
    for problem in runtime.problems.all():
        print(f"{problem.scope}: {problem.message}", file=sys.stderr)
    print(json.dumps(asdict(StepResult(seconds, done, left, peak_mb(), dict(odoo.calls)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
