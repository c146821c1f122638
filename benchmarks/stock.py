"""``make bench-stock``: how long catalogue and stock of a large shop take, in how many calls, and with how much memory.

The parts are real: Redis, PostgreSQL, Odoo and the strict simulator with its call limit. Ends with 1 when a goal is
missed, and with 2 when what is on TikTok in the end is wrong.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import Counter

from benchmarks.counting import TikTokCalls, too_many, updates
from benchmarks.figures import Figure, Goal, calls_table, figures_table, machine, write
from benchmarks.latency import percentile
from benchmarks.stand import Stand
from benchmarks.steps import StepError, StepResult, run_step
from benchmarks.telling import say
from worker.sync.inventory_marks import mark_all
from worker.sync.inventory_push import InventoryPush
from worker.sync.inventory_watch import watch

_CHANGES = 20
_IDLE_ROUNDS = 5
_CREATED = 100
_MOST_MEMORY = 300.0  # MB, as worker_max_memory_per_child


class WrongStockError(RuntimeError):
    """What was measured did not do its work."""


class StockBenchmark:
    """Measures one step after another; each builds on what the one before left."""

    def __init__(self, stand: Stand, *, skus: int, rate: float) -> None:
        self.stand = stand
        self.skus = skus
        self.rate = rate
        self.calls = TikTokCalls(stand.control)
        self.figures: list[Figure] = []
        self.steps: dict[str, tuple[Counter[str], Counter[str]]] = {}

    def catalogue(self) -> None:
        """The first pull binds every SKU; the second finds nothing new."""
        name = f"First pull of {self.skus:,} SKUs, all bound"
        done = self._step("catalogue", name)
        self._add("catalogue.first.seconds", name, done.seconds, "s")
        self._add("catalogue.first.bound", f"{name}: SKUs bound", done.done, "SKUs", Goal("=", self.skus))
        self._add_calls("catalogue.first", name)
        self._add("catalogue.first.memory", f"{name}: most memory", done.peak_mb, "MB", Goal("<", _MOST_MEMORY))
        name = "Second pull, nothing new"
        done = self._step("catalogue", name)
        self._add("catalogue.again.seconds", name, done.seconds, "s")
        self._add_calls("catalogue.again", name)

    def one_by_one(self) -> None:
        """What a seller has without a connector that binds: each product created in Odoo by a call of its own."""
        admin = self.stand.stack.admin()
        started = time.monotonic()
        for number in range(_CREATED):
            values = {"default_code": f"ONE-{number:04}", "name": f"One {number}", "type": "consu", "is_storable": True}
            admin.execute_kw("product.product", "create", [[values]])
        rate = _CREATED / (time.monotonic() - started)
        self._add("catalogue.one_by_one.rate", "Products created in Odoo by one call each", rate, "products/s")
        bound = next(each for each in self.figures if each.name == "stock.catalogue.first.seconds")
        text = "First pull, times as many SKUs a second as products can be created one by one"
        self._add("catalogue.one_by_one.ratio", text, self.skus / bound.value / rate, "")

    def idle_by_size(self) -> None:
        """The idle look with ten and a hundred times the stock: what does it cost Odoo?"""
        for factor in (1, 10):
            self.stand.multiply_stock(factor)
            self.stand.let_time_pass()
            count = self.stand.stocked()
            name = f"Look at Odoo, nothing changed, {count:,} products in stock"
            self._idle(name, f"idle_{count}", None, Goal("≤", 3))

    def first_push(self) -> None:
        """Every SKU is set."""
        self.stand.agree_to_push()
        watch(self.stand.runtime)
        self.calls.since()
        name = f"First push of {self.skus:,} SKUs"
        done = self._step("push", name)
        tiktok, _ = self.steps[name]
        rate = updates(tiktok) / done.seconds
        self._add("first_push.seconds", name, done.seconds, "s")
        self._add("first_push.updates", f"{name}: update calls", updates(tiktok), "calls", Goal("=", self.skus))
        self._add("first_push.rate", f"{name}: update calls a second", rate, "calls/s")
        text = f"{name}: share of `TIKTOK_RATE_LIMIT` = {self.rate:g} that was used"
        self._add("first_push.rate_used", text, rate / self.rate, "", Goal("≥", 0.95))
        self._add("first_push.refused", f"{name}: answers with status 429", too_many(tiktok), "calls", Goal("=", 0))
        self._add("first_push.memory", f"{name}: most memory", done.peak_mb, "MB", Goal("<", _MOST_MEMORY))
        self._add("first_push.left", f"{name}: products not done", done.left, "products", Goal("=", 0))
        self._check()

    def second_push(self) -> None:
        """Every product is due, and nothing differs."""
        watch(self.stand.runtime)  # the first look kept no rows, so this one finds those of the last minutes once more
        mark_all(self.stand.runtime, self.stand.shop)
        name = f"Push of {self.skus:,} SKUs of which none differs"
        done = self._step("push", name)
        self._add("second_push.seconds", name, done.seconds, "s")
        tiktok, _ = self.steps[name]
        self._add("second_push.updates", f"{name}: update calls", updates(tiktok), "calls", Goal("=", 0))
        self._add_calls("second_push", name)

    def idle(self) -> None:
        """A look at Odoo when nothing changed: right after everything did, and a day later."""
        name = "Look at Odoo, nothing new, but all stock was written a moment ago"
        self._idle(name, "idle_after_bulk", None, None)
        self.stand.let_time_pass()
        name = "Look at Odoo, nothing changed"
        self._idle(name, "idle", Goal("<", 1), Goal("≤", 3))

    def _idle(self, name: str, key: str, seconds: Goal | None, calls: Goal | None) -> None:
        watch(self.stand.runtime)  # what is asked once an hour is not this round's
        self._forget_calls()
        took = []
        for _ in range(_IDLE_ROUNDS):
            started = time.monotonic()
            marked = watch(self.stand.runtime)
            took.append(time.monotonic() - started)
            if marked:
                raise WrongStockError("Nothing changed in Odoo, and yet something became due.")
        tiktok, odoo = self._note_calls(f"{name}; {_IDLE_ROUNDS} times", self.calls.since())
        self._add(f"{key}.seconds", f"{name}: worst of {_IDLE_ROUNDS}", max(took), "s", seconds)
        self._add(f"{key}.odoo_calls", f"{name}: calls to Odoo", odoo.total() / _IDLE_ROUNDS, "calls", calls)
        self._add(f"{key}.tiktok_calls", f"{name}: calls to TikTok", tiktok.total(), "calls", Goal("=", 0))
        say(f"{name}: {max(took):.2f} s")

    def changes(self) -> None:
        """One product is counted in Odoo, looked at and pushed; again and again with others."""
        runtime, stand = self.stand.runtime, self.stand
        codes = sorted(stand.variants)[:: max(1, self.skus // _CHANGES)][:_CHANGES]
        took: list[float] = []
        sent: list[Counter[str]] = []
        self._forget_calls()
        for code in codes:
            stand.count_anew(code, stand.units[code] + 7)
            started = time.monotonic()
            watch(runtime)
            while InventoryPush(runtime, runtime.shops.get(stand.shop.id)).run().more:
                pass
            took.append(time.monotonic() - started)
            sent.append(self.calls.since())
        tiktok, odoo = self._note_calls(f"One change in Odoo; {len(codes)} times", sum(sent, Counter()))
        wrong = sum(1 for calls in sent if updates(calls) != 1)
        text = "One change in Odoo, from the look that finds it to TikTok's confirmation"
        self._add("change.median", f"{text}: median of {len(codes)}", statistics.median(took), "s")
        self._add("change.p95", f"{text}: 95th percentile of {len(codes)}", percentile(took, 0.95), "s")
        self._add("change.worst", f"{text}: worst of {len(codes)}", max(took), "s")
        text = "One change in Odoo"
        self._add("change.not_one_update", f"{text}: cases without exactly one update", wrong, "cases", Goal("=", 0))
        self._add("change.tiktok_calls", f"{text}: calls to TikTok", tiktok.total() / len(codes), "calls")
        self._add("change.odoo_calls", f"{text}: calls to Odoo", odoo.total() / len(codes), "calls")
        say(f"{text}: {statistics.median(took):.2f} s")
        self._check()

    def reconcile(self) -> None:
        """All stock is compared."""
        name = f"Comparison of all {self.skus:,} SKUs"
        done = self._step("reconcile", name)
        self._add("reconcile.seconds", name, done.seconds, "s")
        self._add("reconcile.compared", f"{name}: SKUs compared", done.done, "SKUs", Goal("=", self.skus))
        self._add("reconcile.drift", f"{name}: SKUs that differ", done.left, "SKUs", Goal("=", 0))
        self._add_calls("reconcile", name)
        self._add("reconcile.memory", f"{name}: most memory", done.peak_mb, "MB", Goal("<", _MOST_MEMORY))

    # Helpers

    def _step(self, step: str, name: str) -> StepResult:
        self._forget_calls()
        done = run_step(step, self.stand.shop.id, self.stand.environment)
        self.steps[name] = (self.calls.since(), done.odoo_calls)
        say(f"{name}: {done.seconds:.1f} s")
        return done

    def _forget_calls(self) -> None:
        self.calls.since()
        self.stand.odoo.calls.clear()

    def _note_calls(self, name: str, tiktok: Counter[str]) -> tuple[Counter[str], Counter[str]]:
        """Keep and answer the calls to TikTok, and those of this process to Odoo since ``_forget_calls``."""
        self.steps[name] = (tiktok, Counter(self.stand.odoo.calls))
        return self.steps[name]

    def _add(self, key: str, text: str, value: float, unit: str, goal: Goal | None = None) -> None:
        self.figures.append(Figure(f"stock.{key}", text, value, unit, goal))

    def _add_calls(self, key: str, name: str) -> None:
        tiktok, odoo = self.steps[name]
        self._add(f"{key}.tiktok_calls", f"{name}: calls to TikTok", tiktok.total(), "calls")
        self._add(f"{key}.odoo_calls", f"{name}: calls to Odoo", odoo.total(), "calls")

    def _check(self) -> None:
        if wrong := self.stand.wrong_on_tiktok():
            raise WrongStockError(f"TikTok shows wrong units of {wrong:,} SKUs.")


def main() -> int:
    """Set the scene, measure, tell."""
    parser = argparse.ArgumentParser(prog="make bench-stock", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--skus", type=int, default=10_000, help="products of the shop, one SKU each")
    parser.add_argument("--rate", type=float, default=50.0, help="TIKTOK_RATE_LIMIT of the run")
    parser.add_argument("--stack", default="bench", help="name of the run folder below .run")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, not as tables")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md and docs/benchmarks.json")
    options = parser.parse_args()
    if options.skus < _CHANGES:
        parser.error(f"--skus must be at least {_CHANGES}")
    with Stand(options.stack, rate=options.rate, say=say) as stand:
        stand.stock_products(options.skus)
        benchmark = StockBenchmark(stand, skus=options.skus, rate=options.rate)
        try:
            for step in (
                benchmark.catalogue,
                benchmark.first_push,
                benchmark.second_push,
                benchmark.idle,
                benchmark.changes,
                benchmark.reconcile,
                benchmark.one_by_one,
                benchmark.idle_by_size,
            ):
                step()
        except (WrongStockError, StepError) as error:
            print(error, file=sys.stderr)
            return 2
    tables = [figures_table(benchmark.figures), calls_table(benchmark.steps)]
    if options.json:
        print(json.dumps([figure.stored() for figure in benchmark.figures], indent=2, ensure_ascii=False))
    else:
        print("\n\n".join(tables))
    if options.write:
        heading = f"{options.skus:,} SKUs, `TIKTOK_RATE_LIMIT={options.rate:g}`, on {machine()}."
        write("stock", benchmark.figures, "\n\n".join([heading, *tables]))
    missed = [figure.text for figure in benchmark.figures if figure.met is False]
    for text in missed:
        say(f"Missed: {text}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
