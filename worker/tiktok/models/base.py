"""What all models of TikTok's data share: ids, money and times as TikTok writes them, and parsing one row at a time.

TikTok adds fields all the time and leaves out or empties optional ones: unknown fields are kept, null is absence.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator


class TikTokModel(BaseModel):
    """Base of all. Errors of validation never show values, which may be personal data."""

    model_config = ConfigDict(
        extra="allow", frozen=True, coerce_numbers_to_str=True, str_strip_whitespace=True, hide_input_in_errors=True
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, values: Any) -> Any:
        if isinstance(values, dict):
            return {name: _storable(value) for name, value in values.items() if value is not None}
        return values


def _storable(value: Any) -> Any:
    """Text without what JSON can spell but no database keeps: NUL and halves of surrogate pairs."""
    if not isinstance(value, str) or (value.isascii() and "\0" not in value):
        return value
    return value.replace("\0", "").encode(errors="ignore").decode()


def normalise_status(value: object) -> str:
    """A status in upper case, trimmed. Webhooks say ``CANCEL``, the API says ``CANCELLED``: here always the latter.

    >>> normalise_status(" cancel "), normalise_status("CANCELLATION_REQUEST_CANCEL"), normalise_status("NEW_ONE")
    ('CANCELLED', 'CANCELLATION_REQUEST_CANCELLED', 'NEW_ONE')
    """
    status = str(value).strip().upper()
    if status.endswith("CANCELED"):
        return status.removesuffix("CANCELED") + "CANCELLED"
    return status + "LED" if status == "CANCEL" or status.endswith("_CANCEL") else status


def _time(value: object) -> object:
    """Epoch seconds (number or text; 0 and empty: none) to a time in UTC; other values go on to pydantic."""
    if isinstance(value, str):
        value = value.strip()
        if value.isascii() and value.isdigit():
            value = int(value)
    if value in (None, "", 0):
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal | float):
        return value
    try:
        return datetime.fromtimestamp(int(value), tz=UTC)
    except (OverflowError, OSError, ValueError):
        raise ValueError("is not a time in epoch seconds") from None


def _money(value: object) -> object:
    if isinstance(value, str):
        value = value.strip()
    return Decimal(0) if value == "" else value


#: A needed id: text, never empty; TikTok sometimes writes ids as numbers above 2^53.
Id = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
#: A status or kind; unknown values pass.
Status = Annotated[str, BeforeValidator(normalise_status)]
#: A needed amount in major units.
Amount = Annotated[Decimal, Field(max_digits=24)]
#: An amount that TikTok may leave out or empty: then zero.
OptionalAmount = Annotated[Decimal, BeforeValidator(_money), Field(max_digits=24)]
#: A needed moment, in UTC, from epoch seconds.
Time = Annotated[datetime, BeforeValidator(_time)]
#: A moment that may not have come yet (0, empty or absent).
OptionalTime = Annotated[datetime | None, BeforeValidator(_time)]
#: ISO 4217 code.
Currency = Annotated[str, StringConstraints(min_length=3, max_length=3, to_upper=True, strip_whitespace=True)]

#: How TikTok calls the id of a row, by API.
_ID_NAMES = ("id", "package_id", "cancel_id", "return_id")

Model = TypeVar("Model", bound=TikTokModel)


def faults(error: ValidationError) -> str:
    """What is wrong, by field and without values: ``payment.currency: Field required``."""
    found = [f"{'.'.join(map(str, fault['loc'])) or 'record'}: {fault['msg']}" for fault in error.errors()]
    return "; ".join(found[:5]) + (f"; and {len(found) - 5} more" if len(found) > 5 else "")


def parse_each(model: type[Model], rows: Iterable[Any]) -> tuple[list[Model], list[tuple[str, str]]]:
    """Parse rows one by one, so that one odd row does not hide the others.

    :returns: the models, and (id, reason) of each row that could not be read; the id is empty when there was none.
    """
    models: list[Model] = []
    invalid: list[tuple[str, str]] = []
    for row in rows:
        try:
            models.append(model.model_validate(row))
        except ValidationError as error:
            row_id = next((row[name] for name in _ID_NAMES if row.get(name)), "") if isinstance(row, dict) else ""
            invalid.append((str(row_id).strip(), faults(error)))
    return models, invalid
