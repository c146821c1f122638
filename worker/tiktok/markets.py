"""The sixteen markets of TikTok Shop and the hosts that serve them."""

from __future__ import annotations

from dataclasses import dataclass

from worker.errors import ConfigurationError


@dataclass(frozen=True)
class Hosts:
    """Where TikTok Shop is. One API host and one token host serve all markets; consent differs for the US."""

    api: str = "https://open-api.tiktokglobalshop.com"
    token: str = "https://auth.tiktok-shops.com"  # noqa: S105 - an address
    consent: str = "https://services.tiktokshop.com"
    consent_us: str = "https://services.us.tiktokshop.com"


@dataclass(frozen=True)
class Market:
    """One market.

    :param code: ISO 3166 code, as in the ``region`` of an authorized shop.
    :param currency: ISO 4217 code.
    :param tax_inclusive: whether prices that buyers see hold the tax; in the US it is added on top.
    """

    code: str
    currency: str
    tax_inclusive: bool = True

    def consent_host(self, hosts: Hosts) -> str:
        """Host of the page on which a seller of this market authorizes the app."""
        return hosts.consent_us if self.code == "US" else hosts.consent


MARKETS: dict[str, Market] = {
    market.code: market
    for market in (
        Market("BR", "BRL"),
        Market("DE", "EUR"),
        Market("ES", "EUR"),
        Market("FR", "EUR"),
        Market("GB", "GBP"),
        Market("ID", "IDR"),
        Market("IE", "EUR"),
        Market("IT", "EUR"),
        Market("JP", "JPY"),
        Market("MX", "MXN"),
        Market("MY", "MYR"),
        Market("PH", "PHP"),
        Market("SG", "SGD"),
        Market("TH", "THB"),
        Market("US", "USD", tax_inclusive=False),
        Market("VN", "VND"),
    )
}


def market(code: str) -> Market:
    """The market of that code, in any case.

    :raises ConfigurationError: TikTok Shop is not known to serve it.
    """
    try:
        return MARKETS[code.strip().upper()]
    except KeyError:
        raise ConfigurationError(
            f"{code!r} is not a market of TikTok Shop.", remedy=f"Use one of {', '.join(MARKETS)}."
        ) from None
