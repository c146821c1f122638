"""Webhooks that were refused: when, why and from which network; never what they held.

Anybody may send us something to refuse. So the stream is capped, and of a flood only a sample is noted. Every refusal
is counted (``webhooks_<reason>``), and so is how many were not noted (``webhooks_refused_not_noted``).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime

from worker.state.connection import RedisClient, key, script

KEPT = 5_000
#: Refusals noted within one second, over all processes of the receiver.
NOTED_PER_SECOND = 5
#: What a refusal's size can be at most; a client may claim any length.
_LARGEST = 2**40


@dataclass(frozen=True)
class Refusal:
    """One webhook that was refused.

    :param name: the reason in one word, such as ``bad_signature``.
    :param status: the HTTP status that was answered.
    :param size: bytes that it had, or claimed to have; ``None`` when it did not say.
    :param network: where it came from, to the /24 (IPv4) or /48 (IPv6); empty when unknown.
    """

    id: str
    name: str
    status: int
    size: int | None
    network: str

    @property
    def at(self) -> datetime:
        """When."""
        return datetime.fromtimestamp(int(self.id.partition("-")[0]) / 1000, UTC)


class Refusals:
    """Notes refused webhooks and reads the notes."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._refuse = script(redis, "refuse")

    def note(self, name: str, *, status: int, size: int | None, address: str | None) -> bool:
        """Count a refusal and note it; ``False`` when so many came that it was only counted.

        :param address: the sender's; only its network is kept.
        """
        keys = [key("counters"), key("refused"), key("refused_now")]
        length = "" if size is None else min(size, _LARGEST)
        args: list[str | int] = [name, NOTED_PER_SECOND, KEPT, status, length, network_of(address)]
        return bool(self._refuse(keys=keys, args=args))

    def latest(self, count: int = 100, *, before: str = "") -> list[Refusal]:
        """The newest refusals, newest first; those older than that of the id ``before``, if given."""
        entries = self._redis.xrevrange(key("refused"), max=f"({before}" if before else "+", count=count)
        return [
            Refusal(
                entry_id,
                fields["name"],
                int(fields["status"]),
                int(fields["size"]) if fields["size"] else None,
                fields["network"],
            )
            for entry_id, fields in entries
        ]


def network_of(address: str | None) -> str:
    """The network of an address, which tells senders apart and names nobody: /24 of IPv4, /48 of IPv6."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 48), strict=False))
