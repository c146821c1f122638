"""The sixteen markets: currency, decimals, whether prices include tax, and what names and places look like there."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sandbox.errors import ControlError

DECIMALS = {"IDR": 0, "JPY": 0, "VND": 0}


@dataclass(frozen=True)
class Market:
    """One market.

    :param tax_rate: sales tax added on top of the shown price; ``None`` where shown prices include the tax.
    :param price: a usual unit price in major units, from which the demo's prices are drawn.
    :param fees: regional fees of a random order, field of ``payment`` to amount in major units.
    """

    region: str
    country: str
    currency: str
    dial_code: str
    locale: str
    price: Decimal
    places: tuple[tuple[str, str, str], ...]
    tax_rate: Decimal | None = None
    fees: tuple[tuple[str, str], ...] = ()

    @property
    def default_shipping_fee(self) -> Decimal:
        return quantize(self.price / 4, self.currency)


def decimals(currency: str) -> int:
    """Decimals of an amount in this currency: 0 for IDR, JPY and VND, else 2."""
    return DECIMALS.get(currency, 2)


def quantize(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-decimals(currency)))


_TAX_ON_TOP = {"US": Decimal("0.0825")}
_FEES = {
    "US": (("retail_delivery_fee", "0.28"),),
    "TH": (("small_order_fee", "5.00"),),
    "ID": (("buyer_service_fee", "1000"), ("handling_fee", "1250")),
}
# Region, country, currency, dialling code, locale, a usual price, and places as state/city/postal code.
_TABLE = (
    ("BR", "Brazil", "BRL", "55", "pt-BR", "80", "SP/São Paulo/01310-100;RJ/Rio de Janeiro/20040-002"),
    ("DE", "Germany", "EUR", "49", "de-DE", "25", "Berlin/Berlin/10115;Bayern/München/80331"),
    ("ES", "Spain", "EUR", "34", "es-ES", "22", "Madrid/Madrid/28013;Sevilla/Sevilla/41001"),
    ("FR", "France", "EUR", "33", "fr-FR", "24", "Île-de-France/Paris/75002;Rhône/Lyon/69001"),
    ("GB", "United Kingdom", "GBP", "44", "en-GB", "18", "England/London/SE1 7PB;Scotland/Leith/EH6 6QW"),
    ("ID", "Indonesia", "IDR", "62", "id-ID", "120000", "DKI Jakarta/Jakarta/10110;Bali/Denpasar/80111"),
    ("IE", "Ireland", "EUR", "353", "en-IE", "26", "Leinster/Dublin/D02 X285;Munster/Cork/T12 W26P"),
    ("IT", "Italy", "EUR", "39", "it-IT", "23", "Lazio/Roma/00184;Lombardia/Milano/20121"),
    ("JP", "Japan", "JPY", "81", "ja-JP", "2400", "東京都/渋谷区/150-0002;大阪府/大阪市/530-0001"),
    ("MX", "Mexico", "MXN", "52", "es-MX", "350", "CDMX/Ciudad de México/06000;Jalisco/Zapopan/45010"),
    ("MY", "Malaysia", "MYR", "60", "ms-MY", "60", "Selangor/Shah Alam/40000;Penang/George Town/10200"),
    ("PH", "Philippines", "PHP", "63", "en-PH", "500", "NCR/Makati/1200;Cebu/Cebu City/6000"),
    ("SG", "Singapore", "SGD", "65", "en-SG", "28", "Singapore/Singapore/018956"),
    ("TH", "Thailand", "THB", "66", "th-TH", "390", "กรุงเทพมหานคร/ปทุมวัน/10330;เชียงใหม่/เมือง/50200"),
    ("US", "United States", "USD", "1", "en-US", "27", "California/San Jose/95110;Texas/Austin/78701"),
    ("VN", "Vietnam", "VND", "84", "vi-VN", "250000", "Hà Nội/Hoàn Kiếm/100000;Đà Nẵng/Hải Châu/550000"),
)


def _market(row: tuple[str, str, str, str, str, str, str]) -> Market:
    region, country, currency, dial_code, locale, price, places = row
    split = (place.split("/") for place in places.split(";"))
    return Market(
        region=region,
        country=country,
        currency=currency,
        dial_code=dial_code,
        locale=locale,
        price=Decimal(price),
        places=tuple((state, city, code) for state, city, code in split),
        tax_rate=_TAX_ON_TOP.get(region),
        fees=_FEES.get(region, ()),
    )


MARKETS = {row[0]: _market(row) for row in _TABLE}


def market(region: str) -> Market:
    """The market of a two-letter region code.

    :raises ControlError: when TikTok Shop is not there.
    """
    try:
        return MARKETS[region]
    except KeyError:
        raise ControlError(f"no market {region!r}; there are {', '.join(sorted(MARKETS))}") from None
