"""The form of a shop's settings, with Odoo's records by name; without Odoo it shows the ids that are chosen now."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    Field,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from web.console.shops import MOMENTS
from worker.errors import ConnectorError
from worker.odoo.directory import Record, find_id, names_of, records
from worker.odoo.errors import OdooRejectedError
from worker.odoo.gateway import OdooGateway
from worker.state.shops import ShopSettings
from worker.sync.shop_settings import RECORDS, fingerprint

#: Seconds that a page waits for all of Odoo's answers together.
_PATIENCE = 8.0
_Choices = list[tuple[str, str]]


@dataclass
class Names:
    """Odoo's records that settings may point to, by what they are.

    :param untold: what Odoo does not tell, by what it is: a right or a module is missing.
    :param away: why Odoo answers nothing at all.
    :param product: the default product, for people.
    """

    records: dict[str, list[Record]] = field(default_factory=dict)
    untold: dict[str, str] = field(default_factory=dict)
    away: str = ""
    product: str = ""


def read_names(gateway: OdooGateway, kinds: Sequence[str], *, product_id: int | None = None) -> Names:
    """Ask Odoo, one call for each of ``kinds`` (of ``worker.odoo.directory``), no longer than a page may wait."""
    names = Names()
    ends = time.monotonic() + _PATIENCE
    try:
        for kind in dict.fromkeys(kinds):
            if time.monotonic() > ends:
                names.away = "Odoo answers slowly."
                break
            try:
                names.records[kind] = records(gateway, kind)
            except OdooRejectedError as error:
                names.untold[kind] = str(error)
        if product_id is not None and not names.away:
            names.product = names_of(gateway, "default_product", [product_id])[0]
    except ConnectorError as error:
        names.away = str(error)
    return names


def choices(names: Names, kind: str, chosen: Sequence[int | None], *, empty: str = "") -> _Choices:
    """What a field offers: Odoo's records, and whatever is chosen now although Odoo does not tell of it.

    :param empty: what no choice at all is called; without it there is no such option.
    """
    known = names.records.get(kind, [])
    unknown = {each for each in chosen if each is not None} - {record.id for record in known}
    why = "not found in Odoo" if kind in names.records else "Odoo does not tell its name"
    return [
        *([("", empty)] if empty else []),
        *((str(record.id), record.name) for record in known),
        *((str(each), f"{each} ({why})") for each in sorted(unknown)),
    ]


def _id(text: Any) -> int | None:
    return int(text) if text not in ("", None) else None


def _text(typed: Any) -> str:
    return str(typed or "").strip()


def record_field(label: str) -> SelectField:
    """One of Odoo's records, or none. Whether it is there, Odoo is asked when it is saved."""
    return SelectField(label, coerce=_id, validate_choice=False)


def records_field(label: str) -> SelectMultipleField:
    """Any number of Odoo's records, as check boxes."""
    return SelectMultipleField(
        label, coerce=int, validate_choice=False, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )


class SettingsForm(FlaskForm):
    """Everything that can be chosen for a shop; fields are named as in ``ShopSettings``."""

    seen = HiddenField()
    go_live = DateTimeLocalField("Go-live date (UTC)", [InputRequired("Give a date.")], format=MOMENTS)
    confirm_orders = BooleanField("Confirm orders, which makes the delivery")
    track_changes = BooleanField("Log in Odoo's chatter what the import sets")
    total = SelectField(
        "An order amounts to",
        choices=[
            ("seller_revenue", "what the buyer pays plus what TikTok funds"),
            ("buyer_paid", "what the buyer pays"),
        ],
    )
    import_fbt = BooleanField("Import orders that TikTok fulfils (FBT)")
    import_samples = BooleanField("Import free sample orders")
    company_id = record_field("Company")
    warehouse_id = record_field("Warehouse that delivers")
    sales_team_id = record_field("Sales team")
    pricelist_id = record_field("Pricelist")
    tax_id = record_field("Tax")
    default_carrier_id = record_field("Default carrier")
    default_product_id = StringField("Default product")
    create_products = BooleanField("Create Odoo products for TikTok products that match none")
    stock_warehouse_ids = records_field("FBM Warehouse: warehouses whose stock is for sale")
    stock_location_id = record_field("Stock location, instead of warehouses")
    stock_buffer = IntegerField("Buffer", [InputRequired("Give a number."), NumberRange(0, 99_999)])
    stock_maximum = IntegerField("Maximum", [Optional(), NumberRange(0, 99_999)])

    ship_when = SelectField(
        "Arrange shipping on TikTok",
        choices=[
            ("manual", "by hand, in Seller Center"),
            ("ready", "when the delivery is ready in Odoo"),
            ("validated", "when the delivery is validated in Odoo"),
        ],
    )
    handover = SelectField(
        "Parcels that TikTok's carrier takes", choices=[("pickup", "are picked up"), ("drop_off", "are dropped off")]
    )
    shipping_provider = StringField("Carrier of parcels that you ship", filters=[_text])
    label_size = SelectField("Paper of labels", choices=[("A6", "A6"), ("A5", "A5")])
    shipped_on_tiktok = SelectField(
        "An open delivery whose parcel the carrier has",
        choices=[("flag", "is shown to a person"), ("validate", "is validated")],
    )
    cancel_on_tiktok = BooleanField("Cancel on TikTok, too, what is cancelled in Odoo before it ships")
    cancel_reason = StringField("Reason that TikTok is given", filters=[_text])
    returns = SelectField(
        "Returns in Odoo",
        choices=[("off", "not at all"), ("note", "as a note on the order"), ("picking", "also as a draft receipt")],
    )

    payouts = SelectField(
        "Payout statements",
        choices=[
            ("off", "are left alone"),
            ("record", "are read and checked"),
            ("bill", "are also booked as draft vendor bills of what TikTok keeps"),
            ("bank", "are also booked as bank statement lines"),
        ],
    )
    payout_partner_id = record_field("Vendor of the bills")
    payout_journal_id = record_field("Bank journal of the lines")

    def offer(self, settings: ShopSettings, names: Names) -> None:
        """Fill in what each field offers."""
        for name, kind in RECORDS.items():
            present, typed = getattr(settings, name), self[name].data
            if isinstance(self[name], SelectMultipleField):
                self[name].choices = choices(names, kind, [*present, *(typed or [])])
            elif isinstance(self[name], SelectField):
                self[name].choices = choices(names, kind, [present, typed], empty=_EMPTY.get(name, "as Odoo chooses"))

    def changes(self, settings: ShopSettings, gateway: OdooGateway) -> dict[str, Any]:
        """What was filled in, by setting. Odoo is asked for the default product only, when another was typed.

        :raises ConnectorError: Odoo has no such product, or does not answer.
        """
        found = {name: self[name].data for name in self._own() if name in ShopSettings.model_fields}
        go_live: datetime = found["go_live"].replace(tzinfo=UTC)
        # The form knows whole seconds only.
        found["go_live"] = settings.go_live if go_live == settings.go_live.replace(microsecond=0) else go_live
        typed, chosen = str(found["default_product_id"] or "").strip(), settings.default_product_id
        if not typed:
            found["default_product_id"] = None
        elif chosen is not None and typed == str(chosen):
            found["default_product_id"] = chosen
        else:
            found["default_product_id"] = find_id(gateway, "default_product", typed)
        return found

    def labels(self, names: Sequence[str]) -> str:
        """Settings as the form calls them."""
        own = set(self._own())
        return ", ".join(self[name].label.text if name in own else name for name in names)

    def _own(self) -> list[str]:
        fields: dict[str, Field] = self._fields
        return list(fields)


_EMPTY = {
    "company_id": "the bot user's company",
    "tax_id": "as the product says",
    "default_carrier_id": "none",
    "stock_location_id": "none: stock of warehouses",
    "payout_partner_id": "none",
    "payout_journal_id": "none",
}


def settings_form(settings: ShopSettings) -> SettingsForm:
    """The form as the settings are now."""
    data = {**dict(settings), "go_live": settings.go_live.astimezone(UTC), "seen": fingerprint(settings)}
    return SettingsForm(formdata=None, data=data)
