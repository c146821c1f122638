"""Accounts, and the encryption of what they hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.unit.builders import APP_KEY, APP_SECRET
from worker.errors import ConfigurationError
from worker.state.accounts import Account, Accounts
from worker.state.secrets import SecretBox, generate_key


@pytest.fixture
def accounts(redis: Any, box: SecretBox) -> Accounts:
    return Accounts(redis, box)


def add(accounts: Accounts, name: str = "TikTok Shop Indonesia", **values: str) -> Account:
    given = {"market": "ID", "service_id": "7100", "app_key": APP_KEY, "app_secret": APP_SECRET, **values}
    return accounts.add(name=name, **given)


def test_an_account_comes_back_as_it_was_added(accounts: Accounts) -> None:
    added = add(accounts)
    assert added.id == "tiktok-shop-indonesia"
    assert accounts.get(added.id) == added
    assert accounts.all() == [added]
    assert (added.app_secret, added.authorization, added.enabled) == (APP_SECRET, "none", True)


def test_a_secret_is_never_readable_in_redis(accounts: Accounts, dump: Callable[[], str]) -> None:
    account = add(accounts)
    accounts.set_authorization(account.id, "authorized")
    assert APP_SECRET not in dump()
    assert APP_KEY in dump()  # so the dump does show what is stored


def test_a_secret_is_never_shown_in_a_log_line(accounts: Accounts) -> None:
    assert APP_SECRET not in repr(add(accounts))
    assert APP_SECRET not in str(add(accounts, "Another"))


@pytest.mark.parametrize("name", ["TikTok Shop Indonesia", "tiktok shop  indonesia!"])
def test_a_name_that_is_taken_is_refused(accounts: Accounts, name: str) -> None:
    first = add(accounts)
    with pytest.raises(ConfigurationError, match="already an account 'tiktok-shop-indonesia'"):
        add(accounts, name, app_secret="another")
    assert accounts.all() == [first]


@pytest.mark.parametrize("name", ["", "   ", "!!", "日本"])
def test_a_name_without_letters_or_digits_is_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(ConfigurationError, match="Use letters and digits"):
        add(accounts, name)


@pytest.mark.parametrize(
    ("field", "named"), [("app_secret", "App Secret"), ("app_key", "App Key"), ("service_id", "Service ID")]
)
def test_an_app_without_its_values_is_refused(accounts: Accounts, field: str, named: str) -> None:
    """With an empty secret anybody could sign webhooks."""
    with pytest.raises(ConfigurationError, match=f"{named} must not be empty"):
        add(accounts, **{field: "  "})
    assert accounts.all() == []


def test_an_unknown_account_is_named(accounts: Accounts) -> None:
    with pytest.raises(ConfigurationError, match=r"no account 'nobody'.*accounts list"):
        accounts.get("nobody")


def test_every_change_is_noticed_by_the_version(accounts: Accounts) -> None:
    versions = [accounts.version()]
    account = add(accounts)
    versions.append(accounts.version())
    accounts.save(account.model_copy(update={"name": "New"}))
    versions.append(accounts.version())
    accounts.set_authorization(account.id, "needed", "The seller ended it.")
    versions.append(accounts.version())
    accounts.remove(account.id)
    versions.append(accounts.version())
    assert len(set(versions)) == 5


def test_what_does_not_change_is_no_new_version(accounts: Accounts) -> None:
    account = add(accounts)
    accounts.set_authorization(account.id, "needed", "why")
    version = accounts.version()
    accounts.set_authorization(account.id, "needed", "why")
    assert accounts.version() == version
    assert accounts.get(account.id).authorization_reason == "why"


def test_a_removed_account_leaves_no_secret(accounts: Accounts, dump: Callable[[], str]) -> None:
    account = add(accounts)
    accounts.remove(account.id)
    assert accounts.all() == []
    assert APP_KEY not in dump()


def test_keys_can_be_rotated(redis: Any) -> None:
    old, new = generate_key(), generate_key()
    account = add(Accounts(redis, SecretBox(old)))
    rotating = Accounts(redis, SecretBox(f"{new}, {old}"))
    assert rotating.get(account.id).app_secret == APP_SECRET
    rotating.save(account)  # written with the new key
    assert Accounts(redis, SecretBox(new)).get(account.id).app_secret == APP_SECRET
    with pytest.raises(ConfigurationError, match="None of the keys in SECRET_KEYS opens"):
        Accounts(redis, SecretBox(old)).get(account.id)


def test_all_accounts_can_be_written_under_the_new_key(redis: Any) -> None:
    old, new = generate_key(), generate_key()
    account = add(Accounts(redis, SecretBox(old)))
    assert Accounts(redis, SecretBox(f"{new},{old}")).encrypt_anew() == 1
    assert Accounts(redis, SecretBox(new)).get(account.id) == account


@pytest.mark.parametrize("keys", ["", " , ", ",,"])
def test_no_key_at_all_is_refused_with_the_remedy(keys: str) -> None:
    with pytest.raises(ConfigurationError, match=r"SECRET_KEYS is empty.*keys generate"):
        SecretBox(keys)


@pytest.mark.parametrize("keys", ["secret", Fernet.generate_key().decode()[:-4], "ä" * 44])
def test_a_malformed_key_is_refused_and_not_repeated(keys: str) -> None:
    with pytest.raises(ConfigurationError, match="not a Fernet key") as refused:
        SecretBox(f"{generate_key()},{keys}")
    assert keys not in str(refused.value)


@pytest.mark.parametrize("text", ["", APP_SECRET, "Größe 測試"])
def test_what_is_encrypted_can_be_decrypted_and_never_looks_the_same(box: SecretBox, text: str) -> None:
    first, second = box.encrypt(text), box.encrypt(text)
    assert box.decrypt(first) == box.decrypt(second) == text
    assert first != second
    assert first.isascii()


@pytest.mark.parametrize("token", ["", "not a token", "gAAAAA"])
def test_what_is_no_token_is_refused(box: SecretBox, token: str) -> None:
    with pytest.raises(ConfigurationError):
        box.decrypt(token)
