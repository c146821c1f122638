"""The doctor: looks at everything that the connector depends on, and names for each fault its remedy.

The command line and the console's set-up guide show the same findings. Nothing is changed by looking, save that an
access token whose end is near is renewed, as any call would do, and that the receiver counts one unsigned webhook.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial

from redis.exceptions import RedisError

from worker.errors import ConnectorError
from worker.settings import Settings
from worker.state.accounts import Account
from worker.state.connection import connect
from worker.sync.doctor import accounts, base, odoo, queues, receiver, shops
from worker.sync.doctor.bounded import Group, run
from worker.sync.doctor.finding import Finding, State, skipped, well
from worker.sync.runtime import Runtime

__all__ = ["GROUPS", "Finding", "State", "brief_runtime", "examine", "well"]

#: Groups of checks in the order in which they are told.
GROUPS = ("settings", "redis", "celery", "odoo", "receiver", "tiktok", "account", "shop")
_NEED_REDIS = ("account", "shop")

_FIREWALL = "Something between here and there swallows packets: look at firewalls and proxies."


#: Seconds that one call may take here; somebody is waiting.
_PATIENCE = 8.0


def brief_runtime(settings: Settings) -> Runtime:
    """A runtime that waits for nobody for long."""
    patience = {
        "odoo_timeout": min(_PATIENCE, settings.odoo_timeout),
        "tiktok_timeout": min(_PATIENCE, settings.tiktok_timeout),
    }
    runtime = Runtime(settings.model_copy(update=patience))
    runtime.redis = connect(settings.redis_url, timeout=3.0, retries=0)
    return runtime


def examine(
    runtime: Runtime,
    groups: Collection[str] = GROUPS,
    *,
    account_id: str | None = None,
    seconds: float = 20.0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Finding]:
    """Look at ``groups``; takes as long as the slowest side, and at most three times ``seconds``.

    :param runtime: with short time-outs, best below ``seconds``.
    :param account_id: look at this account alone, and at its shops.
    :param progress: told how many parts are done, of how many.
    """
    wanted = [group for group in GROUPS if group in groups]
    done = 0

    def ended() -> None:
        nonlocal done
        done += 1
        progress(done, max(done, len(wanted)))

    findings = run(_first(runtime, wanted), seconds, ended)
    known, apart = _accounts(runtime, account_id, wanted)
    findings += apart
    findings += run(_beside_each_other(runtime, wanted, known), seconds, ended)
    if "shop" in wanted and not apart:
        asked = {finding.name: finding.state for finding in findings}
        well_ = asked.get("odoo.login") == "ok" if "odoo" in wanted else _odoo_answers(runtime)
        check = partial(shops.shops, runtime, odoo_is_well=well_)
        findings += run([Group("shop.settings", check, _FIREWALL)], seconds, ended)
    return sorted(findings, key=lambda finding: GROUPS.index(finding.group))


def _first(runtime: Runtime, wanted: Collection[str]) -> Iterator[Group]:
    if "settings" in wanted:
        yield Group("settings.complete", lambda: base.settings(runtime), _FIREWALL)
        yield Group("settings.secret_keys", lambda: base.secrets(runtime), _FIREWALL)
    if "redis" in wanted:
        yield Group("redis.server", lambda: base.redis_server(runtime), _FIREWALL)


def _accounts(runtime: Runtime, account_id: str | None, wanted: Collection[str]) -> tuple[list[Account], list[Finding]]:
    """The accounts to look at; or, when they cannot be read, what is skipped for it."""
    affected = [group for group in _NEED_REDIS if group in wanted]
    if not affected:
        return [], []
    try:
        found = runtime.accounts.all()
    except (RedisError, ConnectorError):
        return [], [skipped(f"{group}.settings", "The accounts cannot be read.") for group in affected]
    if not found and "account" in affected:
        return [], [skipped("account.authorization", "There is no account yet: `tiktok-odoo accounts add`.")]
    return [account for account in found if account_id in (None, account.id)], []


def _beside_each_other(runtime: Runtime, wanted: Collection[str], known: list[Account]) -> Iterator[Group]:
    if "celery" in wanted:
        yield Group("celery.broker", lambda: queues.broker(runtime), _FIREWALL)
        yield Group("celery.heartbeat", lambda: queues.heartbeat(runtime), _FIREWALL)
    if "odoo" in wanted:
        yield Group("odoo.server", lambda: odoo.odoo(runtime), f"{_FIREWALL} Or Odoo is overloaded.")
    if "receiver" in wanted:
        yield Group("receiver.live", lambda: receiver.receiver(runtime), _FIREWALL)
    if "tiktok" in wanted:
        yield Group("tiktok.server", lambda: accounts.host(runtime), _FIREWALL)
    if "account" in wanted:
        for account in known:
            check = partial(accounts.account, runtime, account)
            yield Group("account.app", check, "TikTok does not answer; try again, and check firewalls.", account.id)


def _odoo_answers(runtime: Runtime) -> bool:
    try:
        runtime.odoo_probe.call("res.users", "context_get")
    except ConnectorError:
        return False
    return True
