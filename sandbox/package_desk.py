"""What happens to packages, with the webhooks that tell of it: arranged, collected, delivered, split, combined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sandbox import packages
from sandbox.errors import ControlError
from sandbox.model import Order, Package
from sandbox.notifications import Notifier
from sandbox.order_desk import OrderDesk
from sandbox.world import World


class PackageDesk:
    """Every change of a package goes through here, so that its orders, their lists and webhooks follow."""

    def __init__(self, world: World, notifier: Notifier, orders: OrderDesk) -> None:
        self._world = world
        self._notifier = notifier
        self._orders = orders

    def ship(self, package: Package, **how: Any) -> Package:
        """Arrange the shipping of a package; see :func:`sandbox.packages.arrange` for how."""
        with self._world.lock:
            if package.is_arranged or package.status == "CANCELLED":
                raise ControlError(f"package {package.id} is {package.status}")
            self._move(package, lambda: packages.arrange(self._world, package, at=self._world.now(), **how))
            return package

    def collect(self, package: Package) -> Package:
        """The carrier has it."""
        return self._advance(package, "PROCESSING", "FULFILLING")

    def deliver(self, package: Package) -> Package:
        """The buyer has it."""
        return self._advance(package, "FULFILLING", "COMPLETED")

    def correct(self, package: Package, tracking_number: str, provider: dict[str, str]) -> None:
        """Another tracking number for a package that the seller shipped."""

        def apply() -> None:
            package.tracking_number, package.provider = tracking_number, provider
            package.update_time = self._world.now()

        with self._world.lock:
            self._move(package, apply)

    def mark_as_shipped(
        self, order: Order, line_ids: Sequence[str], tracking_number: str, provider: dict[str, str]
    ) -> Package:
        """Make a package of some lines that the seller ships, and arrange it."""
        with self._world.lock:
            made: list[Package] = []

            def apply() -> None:
                lines = [packages.find_line(order, line_id) for line_id in line_ids]
                whole = len(lines) == len(packages.active_lines(order))
                for line in lines:
                    packages.take_line(self._world, line)
                package = packages.pack(self._world, order, lines, "DEFAULT" if whole else "SPLIT")
                how = {"provider": provider, "tracking_number": tracking_number}
                packages.arrange(self._world, package, at=self._world.now(), **how)  # type: ignore[arg-type]
                made.append(package)

            self._change([order], apply)
            return made[0]

    def split(self, order: Order, groups: Sequence[Sequence[str]]) -> list[Package]:
        """Cut an order's units that are not arranged into a package for each group of line ids; type 4 is sent."""
        with self._world.lock:
            made: list[Package] = []

            def apply() -> None:
                for group in groups:
                    lines = [packages.find_line(order, line_id) for line_id in group]
                    for line in lines:
                        packages.take_line(self._world, line)
                    made.append(packages.pack(self._world, order, lines, "SPLIT"))

            self._change([order], apply)
            self._notifier.package_update(order.shop, "SPLIT", made)
            return made

    def combine(self, found: Sequence[Package]) -> Package:
        """Put packages of one buyer that are not arranged into one; type 4 is sent."""
        with self._world.lock:
            if len(found) < 2 or any(package.status != "TO_FULFILL" for package in found):
                raise ControlError("two packages or more can be combined, before their shipping is arranged")
            orders = [self._world.order(each) for package in found for each in package.order_ids]
            own = {order.id: order for order in orders}
            made: list[Package] = []

            def apply() -> None:
                first, *others = found
                lines = {line: own[order_id] for package in found for line, order_id in package.lines.items()}
                made.extend(packages.regroup(self._world, first, [lines], "COMBINE"))
                for package in others:
                    package.lines, package.status = {}, "CANCELLED"

            self._change(orders, apply)
            self._notifier.package_update(orders[0].shop, "COMBINE", made)
            return made[0]

    def uncombine(self, package: Package) -> list[Package]:
        """Give each order of a combined package its own again; type 4 is sent."""
        with self._world.lock:
            if package.tag != "COMBINE" or package.status != "TO_FULFILL":
                raise ControlError(f"package {package.id} is not combined, or shipped")
            orders = [self._world.order(each) for each in package.order_ids]
            groups = [{line: order for line, of in package.lines.items() if of == order.id} for order in orders]
            made: list[Package] = []
            self._change(orders, lambda: made.extend(packages.regroup(self._world, package, groups, "DEFAULT")))
            self._notifier.package_update(orders[0].shop, "CANCEL_COMBINE", made)
            return made

    def _advance(self, package: Package, before: str, after: str) -> Package:
        with self._world.lock:
            if package.status != before:
                raise ControlError(f"package {package.id} is {package.status}, not {before}")

            def apply() -> None:
                package.status, package.update_time = after, self._world.now()

            self._move(package, apply)
            return package

    def _move(self, package: Package, apply: Callable[[], None]) -> None:
        self._change([self._world.order(order_id) for order_id in package.order_ids], apply)

    def _change(self, orders: Sequence[Order], apply: Callable[[], None]) -> None:
        before = {order.id: order.status for order in orders}
        unique = list({order.id: order for order in orders}.values())
        self._orders.change(unique, apply, then=self._orders.follow_packages)
        for order in unique:
            if order.status != before[order.id]:
                self._notifier.order_status(order)
