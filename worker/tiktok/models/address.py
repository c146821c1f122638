"""Where an order goes. Personal data: never logged, and partly masked with asterisks where TikTok ships."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from worker.tiktok.models.base import Status, TikTokModel


def _text(value: object) -> object:
    # TikTok's examples hold a pair of quotes where there is no text
    return "" if isinstance(value, str) and value.strip() == '""' else value


Text = Annotated[str, BeforeValidator(_text)]


class District(TikTokModel):
    """One level of administration: ``L0`` is the country, then state or county, then city, then smaller."""

    address_level: Status = ""
    address_level_name: str = ""
    address_name: str = ""
    iso_code: str = ""


class RecipientAddress(TikTokModel):
    """The buyer's delivery address; any field may be empty or masked (``J*** D**``)."""

    name: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    first_name_local_script: Text = ""
    last_name_local_script: Text = ""
    phone_number: Text = ""
    full_address: Text = ""
    address_line1: Text = ""
    address_line2: Text = ""
    address_line3: Text = ""
    address_line4: Text = ""
    address_detail: Text = ""
    postal_code: Text = ""
    post_town: Text = ""
    region_code: Status = ""
    district_info: list[District] = Field(default_factory=list)

    @property
    def is_masked(self) -> bool:
        """Whether name or place is masked, so that it must not replace a good address. Phones nearly always are."""
        fields = (self.name, self.full_address, self.address_line1, self.address_detail, self.postal_code)
        return any("*" in text for text in fields)

    @property
    def has_masked_phone(self) -> bool:
        """Whether the phone number cannot be called."""
        return "*" in self.phone_number

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return [("region_code", self.region_code)]
