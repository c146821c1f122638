"""Secrets at rest under a new key, while everything runs."""

from __future__ import annotations

from worker.sync.runtime import Runtime


def encrypt_anew(runtime: Runtime) -> tuple[int, int]:
    """Write app secrets and tokens under the first of ``SECRET_KEYS``; answers how many accounts and tokens.

    Authorization codes last minutes and are left. Backups stay as they are.

    :raises ConfigurationError: none of ``SECRET_KEYS`` opens what is stored; nothing of that account was changed.
    :raises RetryableError: a worker is renewing an account's tokens for very long; run it again.
    """
    accounts = runtime.accounts.encrypt_anew()
    store, written = runtime.tiktok.tokens, 0
    for account in runtime.accounts.all():
        with store.refresh_lock(account.id):  # a renewal within is not to be overwritten with what it replaces
            if (grant := store.load(account.id)) is not None:
                store.save(account.id, grant)
                written += 1
    return accounts, written
