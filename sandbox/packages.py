"""Packages of orders: made, arranged, collected, delivered, cut and joined; lines and orders show how they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.model import Order, Package
from sandbox.world import World

PROVIDER = {"id": "7117858858072016686", "name": "TT Virtual express"}
#: Carriers that a seller can name for own shipping.
PROVIDERS = (PROVIDER, {"id": "7117858858072016687", "name": "DHL"}, {"id": "7117858858072016688", "name": "USPS"})
#: Local sellers of these markets see no packages before they ship (reference section 5.6).
PACKAGES_WHEN_SHIPPED = ("US", "GB")
_SHOWN_AS = {
    "TO_FULFILL": "AWAITING_SHIPMENT",
    "PROCESSING": "AWAITING_COLLECTION",
    "FULFILLING": "IN_TRANSIT",
    "COMPLETED": "DELIVERED",
}
_AT = ("AWAITING_SHIPMENT", "AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED")


def active_lines(order: Order) -> list[dict[str, Any]]:
    """Lines that were not cancelled."""
    return [line for line in order.fields["line_items"] if line.get("display_status") != "CANCELLED"]


def of(world: World, order: Order) -> list[Package]:
    """The order's packages, oldest first; those that are cancelled are none."""
    ids = dict.fromkeys(line["package_id"] for line in order.fields["line_items"] if line.get("package_id"))
    return [world.packages[package_id] for package_id in ids if package_id in world.packages]


def pack(world: World, order: Order, lines: Iterable[dict[str, Any]] | None = None, tag: str = "DEFAULT") -> Package:
    """Put lines (all that are in no package) of an order into a new package."""
    chosen = [line for line in active_lines(order) if not line.get("package_id")] if lines is None else list(lines)
    now = world.now()
    package = Package(
        id=world.ids.new("package"),
        shop=order.shop,
        lines={line["id"]: order.id for line in chosen},
        create_time=now,
        update_time=now,
        tag=tag,
    )
    world.packages[package.id] = package
    for line in chosen:
        line["package_id"] = package.id
    return package


def unpacked(order: Order) -> list[dict[str, Any]]:
    """Lines that are in no package."""
    return [line for line in active_lines(order) if not line.get("package_id")]


def arrange(
    world: World,
    package: Package,
    *,
    at: int,
    provider: dict[str, str] | None = None,
    tracking_number: str = "",
    handover_method: str = "",
    pickup_slot: dict[str, int] | None = None,
) -> None:
    """The seller says that it is ready: from now on it has a tracking number and waits for the carrier."""
    package.status = "PROCESSING"
    package.provider = provider or PROVIDER
    package.tracking_number = tracking_number or f"JX{world.ids.new('package')[-10:]}"
    package.handover_method, package.pickup_slot = handover_method, pickup_slot
    package.shipped_at = package.update_time = at


def take_line(world: World, line: dict[str, Any]) -> Package | None:
    """Take a line out of its package; answers the package, CANCELLED when nothing is left in it."""
    package = world.packages.get(line.pop("package_id", ""))
    if package is None:
        return None
    del package.lines[line["id"]]
    package.update_time = world.now()
    if not package.lines:
        package.status = "CANCELLED"
    return package


def regroup(world: World, package: Package, groups: Sequence[Mapping[str, Order]], tag: str) -> list[Package]:
    """Replace a package that is not arranged by one for each group of lines (line id to order): ids change."""
    now = world.now()
    made = []
    for group in groups:
        lines = {line_id: order.id for line_id, order in group.items()}
        fresh = Package(world.ids.new("package"), package.shop, lines, now, now, tag=tag)
        world.packages[fresh.id] = fresh
        for line_id, order in group.items():
            find_line(order, line_id)["package_id"] = fresh.id
        made.append(fresh)
    package.lines, package.status, package.update_time = {}, "CANCELLED", now
    return made


def find_line(order: Order, line_id: str) -> dict[str, Any]:
    """One line of an order, by its id."""
    found: dict[str, Any] = next(line for line in order.fields["line_items"] if line["id"] == line_id)
    return found


def show(world: World, order: Order) -> None:
    """Write into the order's lines and its head how its packages are."""
    packages = {package.id: package for package in of(world, order)}
    hidden = order.shop.market.region in PACKAGES_WHEN_SHIPPED
    order.fields["packages"] = [{"id": package.id} for package in packages.values()]
    for line in active_lines(order):
        package = packages.get(line.get("package_id", ""))
        if package is None:
            if not hidden:
                line["package_status"] = "TO_FULFILL"
            continue
        line["package_status"] = package.status
        line["display_status"] = _SHOWN_AS[package.status]
        if package.is_arranged:
            line |= {
                "rts_time": package.shipped_at,
                "tracking_number": package.tracking_number,
                "shipping_provider_id": package.provider["id"],
                "shipping_provider_name": package.provider["name"],
            }
    arranged = [package for package in packages.values() if package.is_arranged]
    if arranged and len(packages) == 1 and not unpacked(order):
        order.fields |= {
            "rts_time": arranged[0].shipped_at,
            "tracking_number": arranged[0].tracking_number,
            "shipping_provider": arranged[0].provider["name"],
            "shipping_provider_id": arranged[0].provider["id"],
        }
    else:
        for name in ("tracking_number", "shipping_provider", "shipping_provider_id"):
            order.fields.pop(name, None)
    tags = {package.tag for package in packages.values()} & {"SPLIT", "COMBINE"}
    order.fields.pop("split_or_combine_tag", None)
    if tags:
        order.fields["split_or_combine_tag"] = "COMBINED" if "COMBINE" in tags else "SPLIT"


def status_by_packages(order: Order) -> str:
    """The status of an order by how far its lines are; for one that is paid and not cancelled."""
    ranks = [_AT.index(line["display_status"]) for line in active_lines(order) if line["display_status"] in _AT]
    if not ranks:
        return order.status
    if min(ranks) == 0:
        return "PARTIALLY_SHIPPING" if max(ranks) > 0 else "AWAITING_SHIPMENT"
    return _AT[min(ranks)]
