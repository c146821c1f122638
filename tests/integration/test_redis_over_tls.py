"""A managed Redis: reached over TLS only, by a user who may touch nothing but the connector's keys."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from sandbox.client import SandboxControl
from sandbox.installation import Installation
from sandbox.stack.processes import free_port, wait_for
from sandbox.stack.redis import RedisServer
from sandbox.stack.stack import Stack
from tests.documents import ROOT
from tests.support import good_weather, linked_shop, wait_until_well
from worker.state.connection import connect

#: As docs/operations.md tells an administrator to write it.
RIGHTS = "resetchannels &* ~tts:* ~tts-celery:* ~tts-redbeat:* +@all -@dangerous +info +config|get"


def certify(folder: Path) -> dict[str, str]:
    """A certificate that signs itself, for 127.0.0.1; Redis's options for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "redis.key").write_bytes(private)
    (folder / "redis.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return {
        "tls-cert-file": str(folder / "redis.crt"),
        "tls-key-file": str(folder / "redis.key"),
        "tls-ca-cert-file": str(folder / "redis.crt"),
        "tls-auth-clients": "no",
    }


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The address of a Redis that speaks TLS alone and knows one user alone."""
    password = secrets.token_urlsafe(12)
    port = free_port()
    users = tmp_path / "users.acl"
    users.write_text(f"user default off\nuser connector on >{password} {RIGHTS}\n")
    options = {"port": "0", "tls-port": str(port), "aclfile": str(users), **certify(tmp_path)}
    address = f"rediss://connector:{password}@127.0.0.1:{port}/0?ssl_ca_certs={tmp_path / 'redis.crt'}"

    def answers() -> bool:
        with contextlib.suppress(RedisError):
            return bool(connect(address, retries=0).ping())
        return False

    with RedisServer(tmp_path / "redis", more=options) as server:
        server.wait_until(answers, 10)
        yield address


def test_the_documents_tell_these_rights() -> None:
    assert RIGHTS in (ROOT / "docs/operations.md").read_text(encoding="utf-8")


def test_the_user_may_touch_nothing_else_and_strangers_nothing_at_all(url: str) -> None:
    client = connect(url)
    client.set("tts:x", "1")
    for attempt in (lambda: client.set("other", "1"), client.flushall, lambda: client.config_set("save", "1 1")):
        with pytest.raises(NoPermissionError):
            attempt()
    with pytest.raises(AuthenticationError):
        connect(url.replace("connector:", "stranger:"), retries=0).ping()
    with pytest.raises(RedisError):  # the certificate is looked at
        connect(url.partition("?")[0], retries=0).ping()


def test_given_a_redis_over_tls_when_an_order_is_placed_then_it_is_in_odoo_and_the_doctor_finds_nothing(
    stack: Stack, simulator: SandboxControl, url: str, tmp_path: Path
) -> None:
    good_weather(simulator)
    environment = {**stack.environment(), "REDIS_URL": url, "SWEEP_INTERVAL": "2"}
    with Installation(tmp_path, environment, simulator.base_url) as running:
        running.start_web()
        running.start_worker()
        running.start_beat()
        running.start_flower()
        shop_id = linked_shop(simulator, running)
        order_id = simulator.place_order(shop_id, [{"seller_sku": "SKU-1", "quantity": 1}])["id"]
        find = "SELECT state FROM sale_order WHERE client_order_ref = %s"
        wait_for(lambda: stack.sql(find, order_id) == [("sale",)], 60, "the order to be confirmed in Odoo")

        wait_until_well(running)
        for log in tmp_path.glob("*.log"):
            assert url.partition("@")[0].rpartition(":")[2] not in log.read_text(), log
