"""Buyers and their addresses: made up by market, masked as TikTok masks them."""

from __future__ import annotations

import random
import re
from typing import Any

from sandbox.markets import Market

_FIRST = (
    "David",
    "Maria",
    "Ahmad",
    "Siti",
    "Anna",
    "Liam",
    "Nguyễn",
    "Kenji",
    "Zoë",
    "Pedro",
    "Somchai",
    "Ella",
    "Noah",
)
_LAST = (
    "Kong",
    "Müller",
    "Santoso",
    "García",
    "O'Brien",
    "Rossi",
    "Tanaka",
    "Trần",
    "Dubois",
    "Silva",
    "Smith",
    "Łukasz",
)
_STREETS = (
    "Market Street",
    "Station Road",
    "Jalan Merdeka",
    "Hauptstraße",
    "Rue de la Paix",
    "Calle Mayor",
    "Main Street",
)
_LEVELS = ("Country", "State", "City")


def random_buyer(market: Market, chance: random.Random, buyer_id: str) -> dict[str, Any]:
    """A person with an address in the market: what ``place_order(buyer=…)`` takes, plain."""
    state, city, postal_code = chance.choice(market.places)
    number, street = chance.randint(1, 240), chance.choice(_STREETS)
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    return {
        "user_id": buyer_id,
        "email": f"{buyer_id[-10:]}@chat.seller.tiktok.com",
        "nickname": f"{first.lower()}{chance.randint(1, 999)}",
        "first_name": first,
        "last_name": last,
        "phone_number": f"(+{market.dial_code}){chance.randint(200, 999)}{chance.randint(1000000, 9999999)}",
        "address_line1": f"{number} {street}",
        "address_line2": f"Unit {chance.randint(1, 99)}" if chance.random() < 0.4 else "",
        "postal_code": postal_code,
        "city": city,
        "state": state,
    }


def recipient_address(market: Market, buyer: dict[str, Any]) -> dict[str, Any]:
    """The order's ``recipient_address`` of a buyer, plain."""
    name = f"{buyer['first_name']} {buyer['last_name']}".strip()
    lines = " ".join(part for part in (buyer["address_line1"], buyer.get("address_line2", "")) if part)
    places = (market.country, buyer["state"], buyer["city"])
    address = {
        "name": name,
        "first_name": buyer["first_name"],
        "last_name": buyer["last_name"],
        "phone_number": buyer["phone_number"],
        "full_address": f"{lines}, {buyer['city']}, {buyer['state']} {buyer['postal_code']}, {market.country}",
        "address_detail": lines,
        "address_line1": buyer["address_line1"],
        "address_line2": buyer.get("address_line2", ""),
        "address_line3": "",
        "address_line4": "",
        "postal_code": buyer["postal_code"],
        "region_code": market.region,
        "district_info": [
            {
                "address_level": f"L{level}",
                "address_level_name": _LEVELS[level],
                "address_name": place,
                "iso_code": market.region if level == 0 else "",
            }
            for level, place in enumerate(places)
        ],
    }
    if market.region == "GB":
        address["post_town"] = buyer["city"]
    return address


def masked(address: dict[str, Any]) -> dict[str, Any]:
    """The address with the buyer's data hidden: ``J*** D***``, ``(+1)213-***-1234``; region and districts stay."""
    hidden = dict(address)
    for key in ("name", "first_name", "last_name", "address_line1", "address_line2", "address_detail", "full_address"):
        hidden[key] = _mask_words(address.get(key, ""))
    hidden["postal_code"] = address.get("postal_code", "")[:2] + "***" if address.get("postal_code") else ""
    hidden["phone_number"] = _mask_phone(address.get("phone_number", ""))
    return hidden


def _mask_words(text: str) -> str:
    return " ".join(f"{word[0]}***" for word in text.split())


def _mask_phone(phone: str) -> str:
    parts = re.fullmatch(r"(\(\+\d+\))?(\d{1,3})(.*)(\d{4})", phone)
    return f"{parts[1] or ''}{parts[2]}-***-{parts[4]}" if parts else "***"
