"""Kits: products that Odoo never keeps, but ships as their components (phantom bills of materials, module ``mrp``)."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from worker.odoo.errors import OdooRejectedError
from worker.odoo.features import features_of
from worker.odoo.gateway import Context, OdooGateway

#: How deep kits of kits may nest until one without an own stock setting counts as untracked. Odoo's answer takes 0.08 s
#: for three levels and 0.7 s for four.
_NESTING = 3
#: Most rows of one answer: 10,000 rows take a third of a second.
PAGE = 10_000


def rows(
    gateway: OdooGateway, model: str, domain: Sequence[Any], fields: Sequence[str], *, context: Context | None = None
) -> Iterator[dict[str, Any]]:
    """The records of ``model`` that match ``domain``, in pages, with plain ids where they point to others.

    Without the names of what they point to, 10,000 moves take 0.3 s instead of 1.0 s; before Odoo 17 they come along.
    """
    without_names: dict[str, Any] = {"load": False} if features_of(gateway).load_in_search_read else {}
    last = 0
    while True:
        page: list[dict[str, Any]] = gateway.call(
            model,
            "search_read",
            domain=[*domain, ("id", ">", last)] if last else list(domain),
            fields=list(fields),
            limit=PAGE,
            order="id",
            context=context,
            **without_names,
        )
        yield from page if without_names else map(_with_plain_ids, page)
        if len(page) < PAGE:
            return
        last = page[-1]["id"]


def _with_plain_ids(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with ``5`` instead of ``[5, "Name"]``, the form of a many2one."""
    return {
        name: value[0] if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str) else value
        for name, value in record.items()
    }


@contextlib.contextmanager
def reading_kits(gateway: OdooGateway) -> Iterator[None]:
    """Tell what to do when the bot may not read kits: where ``mrp`` is installed Odoo then tells it no stock at all."""
    try:
        yield
    except OdooRejectedError as error:
        if error.code != "odoo_rights" or not features_of(gateway).kits or "mrp." not in error.message:
            raise
        raise OdooRejectedError(
            error.message,
            code=error.code,
            remedy="Install Odoo's module sale_mrp, which lets sales users read kits (bills of materials).",
        ) from None


def kits_of(gateway: OdooGateway, variant_ids: Iterable[int]) -> set[int]:
    """All kit variants whose stock follows from these variants, directly or through other kits.

    A kit may belong to one variant or to all of a template; that a line may be for some variants only is not looked at,
    so there may be a few too many. One call for each level of nesting, and one that finds no more.

    :raises OdooRejectedError: ``odoo_rights``: the bot may not read bills of materials.
    """
    found: set[int] = set()
    level = set(variant_ids)
    if not level or not features_of(gateway).kits:
        return found
    with reading_kits(gateway):
        while level:
            level = _kits_holding(gateway, level) - found
            found |= level
    return found


def tracked_kits(gateway: OdooGateway, variant_ids: Iterable[int]) -> set[int]:
    """Those variants that are kits of which Odoo counts at least one component; the setting of the kit says nothing."""
    wanted = sorted(variant_ids)
    features = features_of(gateway)
    if not wanted or not features.kits:
        return set()
    if not features.any_in_domains:
        return _tracked_kits_before_17(gateway, wanted)
    counted: list[Any] = [features.storable]
    tracked = _kits_with(counted)
    for _ in range(_NESTING - 1):
        tracked = _kits_with(["|", *counted, *tracked])
    return {kit["id"] for kit in rows(gateway, "product.product", [("id", "in", wanted), *tracked], ["id"])}


def _kits_holding(gateway: OdooGateway, components: Collection[int]) -> set[int]:
    """Kit variants with one of these variants in them."""
    if features_of(gateway).any_in_domains:
        kits = rows(gateway, "product.product", _kits_with([("id", "in", sorted(components))]), ["id"])
        return {kit["id"] for kit in kits}
    return _variants_of(gateway, [("type", "=", "phantom"), ("bom_line_ids.product_id", "in", sorted(components))])


def _tracked_kits_before_17(gateway: OdooGateway, wanted: Sequence[int]) -> set[int]:
    kind, operator, value = features_of(gateway).storable
    tracked: set[int] = set()
    for _ in range(_NESTING):
        counted: list[Any] = [(f"bom_line_ids.product_id.{kind}", operator, value)]
        if tracked:
            counted = ["|", ("bom_line_ids.product_id", "in", sorted(tracked)), *counted]
        tracked = _variants_of(gateway, [("type", "=", "phantom"), *counted])
    return tracked & set(wanted)


def _variants_of(gateway: OdooGateway, boms: list[Any]) -> set[int]:
    """The variants for which there is a bill of materials of the domain ``boms``."""
    found = list(rows(gateway, "mrp.bom", boms, ["product_id", "product_tmpl_id"]))
    variants = {bom["product_id"] for bom in found if bom["product_id"]}
    templates = sorted({bom["product_tmpl_id"] for bom in found if not bom["product_id"]})
    if templates:
        of_templates = rows(gateway, "product.product", [("product_tmpl_id", "in", templates)], ["id"])
        variants |= {record["id"] for record in of_templates}
    return variants


def _kits_with(component: list[Any]) -> list[Any]:
    """The domain of variants that are kits with a component for which the domain ``component`` holds."""
    kit = [("type", "=", "phantom"), ("bom_line_ids.product_id", "any", component)]
    of_all_variants = [("product_id", "=", False), *kit]
    return ["|", ("variant_bom_ids", "any", kit), ("product_tmpl_id.bom_ids", "any", of_all_variants)]
