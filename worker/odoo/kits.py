"""Kits: products that Odoo never keeps, but ships as their components (phantom bills of materials, module ``mrp``)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from worker.odoo.errors import OdooRejectedError
from worker.odoo.gateway import Context, OdooGateway

#: How deep kits of kits may nest until one without an own stock setting counts as untracked. Odoo's answer takes 0.08 s
#: for three levels and 0.7 s for four.
_NESTING = 3
#: Most rows of one answer: 10,000 rows take a third of a second.
PAGE = 10_000


@dataclass(frozen=True)
class StockFeatures:
    """What this Odoo has; it stays the same until somebody installs a module or a new version.

    :param storable_field: of products: ``is_storable`` in Odoo 18 and newer; ``type`` before, with the value
        ``product``.
    :param kits: the module ``mrp`` is installed.
    """

    storable_field: str = "is_storable"
    kits: bool = True

    @property
    def storable(self) -> tuple[str, str, Any]:
        """The condition by which Odoo keeps count of a product."""
        return (self.storable_field, "=", True if self.storable_field == "is_storable" else "product")


def stock_features(gateway: OdooGateway) -> StockFeatures:
    """Ask Odoo what it has: one quick call, of which the answer can be kept."""
    wanted = ["is_storable", "variant_bom_ids"]
    found = gateway.call("product.product", "fields_get", allfields=wanted, attributes=["type"])
    return StockFeatures("is_storable" if "is_storable" in found else "type", "variant_bom_ids" in found)


def rows(
    gateway: OdooGateway, model: str, domain: Sequence[Any], fields: Sequence[str], *, context: Context | None = None
) -> Iterator[dict[str, Any]]:
    """The records of ``model`` that match ``domain``, in pages, with plain ids where they point to others.

    Without the names of what they point to, 10,000 moves take 0.3 s instead of 1.0 s.
    """
    last = 0
    while True:
        page: list[dict[str, Any]] = gateway.call(
            model,
            "search_read",
            domain=[*domain, ("id", ">", last)] if last else list(domain),
            fields=list(fields),
            limit=PAGE,
            order="id",
            load=False,
            context=context,
        )
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1]["id"]


@contextlib.contextmanager
def reading_kits(features: StockFeatures) -> Iterator[None]:
    """Tell what to do when the bot may not read kits: where ``mrp`` is installed Odoo then tells it no stock at all."""
    try:
        yield
    except OdooRejectedError as error:
        if error.code != "odoo_rights" or not features.kits or "mrp." not in error.message:
            raise
        raise OdooRejectedError(
            error.message,
            code=error.code,
            remedy="Install Odoo's module sale_mrp, which lets sales users read kits (bills of materials).",
        ) from None


def kits_of(gateway: OdooGateway, variant_ids: Iterable[int], features: StockFeatures | None = None) -> set[int]:
    """All kit variants whose stock follows from these variants, directly or through other kits.

    A kit may belong to one variant or to all of a template; that a line may be for some variants only is not looked at,
    so there may be a few too many. One call for each level of nesting, and one that finds no more.

    :raises OdooRejectedError: ``odoo_rights``: the bot may not read bills of materials.
    """
    features = features or stock_features(gateway)
    found: set[int] = set()
    level = set(variant_ids) if features.kits else set()
    with reading_kits(features):
        while level:
            kits = rows(gateway, "product.product", _kits_with([("id", "in", sorted(level))]), ["id"])
            level = {kit["id"] for kit in kits} - found
            found |= level
    return found


def tracked_kits(gateway: OdooGateway, variant_ids: Iterable[int], features: StockFeatures) -> set[int]:
    """Those variants that are kits of which Odoo counts at least one component; the setting of the kit says nothing."""
    wanted = sorted(variant_ids)
    if not wanted or not features.kits:
        return set()
    counted: list[Any] = [features.storable]
    tracked = _kits_with(counted)
    for _ in range(_NESTING - 1):
        tracked = _kits_with(["|", *counted, *tracked])
    return {kit["id"] for kit in rows(gateway, "product.product", [("id", "in", wanted), *tracked], ["id"])}


def _kits_with(component: list[Any]) -> list[Any]:
    """The domain of variants that are kits with a component for which the domain ``component`` holds."""
    kit = [("type", "=", "phantom"), ("bom_line_ids.product_id", "any", component)]
    of_all_variants = [("product_id", "=", False), *kit]
    return ["|", ("variant_bom_ids", "any", kit), ("product_tmpl_id.bom_ids", "any", of_all_variants)]
