"""The command line: what operators read, what scripts read, and how each command ends."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet
from kombu.exceptions import OperationalError

import worker.cli
from tests.unit.builders import APP_KEY, APP_SECRET, SHOP_ID, add_account, make_shop
from worker.errors import RetryableError
from worker.settings import get_settings
from worker.state.cursors import beat
from worker.state.dirty_set import Parked
from worker.state.inbox import count
from worker.state.problems import ODOO
from worker.sync import runtime as runtime_module
from worker.sync.runtime import Runtime, get_runtime
from worker.tasks import orders as order_tasks
from worker.tasks import triggers

ADD = ("accounts", "add", "--name", "Demo", "--market", "gb", "--service-id", "7100", "--app-key", APP_KEY)


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, quiet_log: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of these tests alone, whatever the machine's are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_KEYS", Fernet.generate_key().decode())
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("PUBLIC_URL", "https://sync.example")
    get_settings.cache_clear()
    get_runtime.cache_clear()


@pytest.fixture
def runtime(redis: Any, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """What the commands work on."""
    monkeypatch.setattr(runtime_module, "connect", lambda *_, **__: redis)
    return get_runtime()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Celery messages that the commands sent."""
    messages: list[tuple[str, ...]] = []
    monkeypatch.setattr(order_tasks.poll_shop, "delay", lambda *ids: messages.append(("orders.poll", *ids)))
    monkeypatch.setattr(triggers.app, "send_task", lambda name, ids=(): messages.append((name, *ids)))
    return messages


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``tiktok-odoo`` as the shell does, down to its exit code."""

    def run(*arguments: str, typed: str | None = None) -> Ended:
        monkeypatch.setattr(sys, "argv", ["tiktok-odoo", *arguments])
        with CliRunner().isolation(input=typed) as (out, err, _):
            with pytest.raises(SystemExit) as ended:
                worker.cli.main()
            texts = [stream.getvalue().decode() for stream in (out, err)]
        return Ended(int(ended.value.code or 0), *texts)

    return run


@pytest.fixture
def shop(runtime: Runtime) -> None:
    """One account with one shop."""
    add_account(runtime)
    runtime.shops.claim(make_shop())


def one_line(ended: Ended, code: int = 1) -> str:
    """The error that a command ended with: one line, without a traceback."""
    assert (ended.code, ended.out) == (code, "")
    assert "Traceback" not in ended.err
    assert ended.err.count("\n") == 1, ended.err
    return ended.err.strip()


def document(ended: Ended) -> Any:
    """The one JSON document that a command printed."""
    return json.loads(ended.out)


def test_an_account_is_added_and_what_to_enter_in_partner_center_is_said(run: Run, runtime: Runtime) -> None:
    ended = run(*ADD, "--app-secret", APP_SECRET)
    assert (ended.code, ended.err) == (0, "")
    assert "Redirect URL  https://sync.example/tiktok/return_from_authorization" in ended.out
    assert "Webhook URL   https://sync.example/tiktok/webhook" in ended.out
    assert "tiktok-odoo accounts link demo" in ended.out
    assert APP_SECRET not in ended.out
    account = runtime.accounts.get("demo")
    assert (account.market, account.app_key, account.app_secret) == ("GB", APP_KEY, APP_SECRET)


def test_a_secret_may_be_typed_and_is_not_shown(run: Run, runtime: Runtime) -> None:
    ended = run(*ADD, typed=f"{APP_SECRET}\n")
    assert ended.code == 0
    assert APP_SECRET not in ended.out + ended.err
    assert runtime.accounts.get("demo").app_secret == APP_SECRET


def test_a_secret_may_come_from_the_environment(run: Run, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOK_APP_SECRET", f" {APP_SECRET} ")
    assert run(*ADD).code == 0
    assert runtime.accounts.get("demo").app_secret == APP_SECRET


def test_an_account_whose_name_is_taken_is_refused(run: Run, shop: None) -> None:
    assert "There is already an account 'demo'" in one_line(run(*ADD, "--app-secret", APP_SECRET))


def test_an_account_without_a_secret_is_refused(run: Run, runtime: Runtime) -> None:
    assert "App Secret must not be empty" in one_line(run(*ADD, "--app-secret", " "))
    assert runtime.accounts.all() == []


def test_an_unknown_market_is_wrong_usage(run: Run, runtime: Runtime) -> None:
    ended = run(*(word if word != "gb" else "xx" for word in ADD), "--app-secret", APP_SECRET)
    assert ended.code == 2
    assert "'xx' is not one of" in ended.err
    assert runtime.accounts.all() == []


def test_accounts_are_listed_without_secrets(run: Run, shop: None) -> None:
    for arguments in (("accounts", "list"), ("accounts", "list", "--json")):
        ended = run(*arguments)
        assert ended.code == 0
        assert APP_SECRET not in ended.out
    (row,) = document(ended)
    assert (row["account"], row["authorization"], row["shops"]) == ("demo", "authorized", 1)


def test_a_link_is_the_only_line_on_standard_output(run: Run, runtime: Runtime, shop: None) -> None:
    ended = run("accounts", "link", "demo")
    assert ended.code == 0
    assert ended.out.startswith("https://services.tiktokshop.com/open/authorize?service_id=7100&state=")
    assert ended.out.count("\n") == 1
    assert "within 30 minutes" in ended.err
    assert runtime.links.consume(ended.out.strip().partition("state=")[2]) == "demo"
    assert run("accounts", "reauthorize", "demo").out != ended.out


@pytest.mark.parametrize(
    "arguments",
    [("accounts", "link", "nobody"), ("accounts", "remove", "nobody", "--yes"), ("accounts", "reauthorize", "nobody")],
)
def test_an_unknown_account_is_one_line(run: Run, runtime: Runtime, arguments: tuple[str, ...]) -> None:
    assert "There is no account 'nobody'. `tiktok-odoo accounts list` shows them." in one_line(run(*arguments))


def test_an_account_is_removed_only_when_a_person_says_so(run: Run, runtime: Runtime, shop: None) -> None:
    ended = run("accounts", "remove", "demo", typed="n\n")
    assert (ended.code, len(runtime.accounts.all())) == (130, 1)
    assert "stop its 1 shops" in ended.err
    assert run("accounts", "remove", "demo", typed="y\n").code == 0
    assert (runtime.accounts.all(), runtime.shops.all()) == ([], [])


@pytest.mark.parametrize(
    ("arguments", "columns"),
    [
        (("accounts", "list"), {"account", "name", "market", "app_key", "authorization", "sync", "shops", "reason"}),
        (("shops", "list"), {"shop", "name", "region", "account", "sync", "go_live", "due", "parked"}),
        (("orders", "parked"), {"shop", "order", "code", "reason", "remedy", "ship_by", "attempts"}),
        (("shops", "show", SHOP_ID), {"setting", "value", "meaning"}),
    ],
)
def test_every_list_is_one_json_document(
    run: Run, runtime: Runtime, shop: None, arguments: tuple[str, ...], columns: set[str]
) -> None:
    queue = runtime.queue(SHOP_ID)
    queue.mark(["571"])
    entry = Parked(id="571", code="unknown_sku", message="Größe ✓", ship_by=datetime.now(UTC))
    queue.park(queue.claim(1, 60), entry, 30)
    ended = run(*arguments, "--json")
    assert (ended.code, ended.err) == (0, "")
    rows = document(ended)
    assert rows
    assert all(set(row) == columns for row in rows)


@pytest.mark.parametrize("arguments", [("accounts", "list"), ("shops", "list"), ("orders", "parked")])
def test_an_empty_list_is_a_document_for_scripts_and_a_hint_for_people(
    run: Run, runtime: Runtime, arguments: tuple[str, ...]
) -> None:
    assert document(run(*arguments, "--json")) == []
    ended = run(*arguments)
    assert ended.code == 0
    assert ended.out.count("\n") == 1


def test_status_is_one_json_document(run: Run, runtime: Runtime, shop: None) -> None:
    beat(runtime.redis, "worker")
    runtime.queue(SHOP_ID).mark(["571", "572"])
    count(runtime.redis, "webhooks_stored", 5)
    ended = run("status", "--json")
    assert ended.code == 0
    found = document(ended)
    assert found.keys() == {"shops", "problems", "counters"}
    assert (found["shops"][0]["shop"], found["shops"][0]["due"]) == (SHOP_ID, 2)
    assert found["problems"] == []
    assert found["counters"] == {"webhooks_stored": 5}


def test_status_of_an_installation_in_order_ends_with_0(run: Run, runtime: Runtime, shop: None) -> None:
    beat(runtime.redis, "worker")
    ended = run("status")
    assert (ended.code, ended.err) == (0, "")
    assert "No problems." in ended.out


@pytest.mark.parametrize("what", ["parked", "problem", "reauthorize", "no_heartbeat"])
def test_status_ends_with_1_when_something_needs_a_person(run: Run, runtime: Runtime, shop: None, what: str) -> None:
    if what != "no_heartbeat":
        beat(runtime.redis, "worker")
    if what == "parked":
        queue = runtime.queue(SHOP_ID)
        queue.mark(["571"])
        queue.park(queue.claim(1, 60), Parked(id="571", code="unknown_sku", message="?"), 30)
    if what == "problem":
        runtime.problems.report(ODOO, RetryableError("Odoo is away.", code="odoo_unavailable"), 15)
    if what == "reauthorize":
        runtime.accounts.set_authorization("demo", "needed", "The seller ended it.")
    ended = run("status", "--json")
    assert ended.code == 1
    assert ended.err == ""
    codes = {problem["code"] for problem in document(ended)["problems"]}
    assert codes == {"parked": set(), "problem": {"odoo_unavailable"}}.get(what, {what})


def test_settings_of_a_shop_are_changed_and_shown(run: Run, runtime: Runtime, shop: None) -> None:
    ended = run("shops", "set", SHOP_ID, "--total", "buyer_paid", "--leave-quotations", "--go-live", "2026-02-01")
    assert (ended.code, ended.err) == (0, "")
    settings = runtime.shops.get(SHOP_ID).settings
    assert (settings.total, settings.confirm_orders) == ("buyer_paid", False)
    assert settings.go_live == datetime(2026, 2, 1, tzinfo=UTC)
    shown = {row["setting"]: row["value"] for row in document(run("shops", "show", SHOP_ID, "--json"))}
    assert (shown["total"], shown["confirm_orders"]) == ("buyer_paid", False)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T08:00", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("2026-01-31T08:00+07:00", datetime(2026, 1, 31, 1, tzinfo=UTC)),
        ("2026-01-31T08:00Z", datetime(2026, 1, 31, 8, tzinfo=UTC)),
    ],
)
def test_a_date_without_a_zone_is_utc(run: Run, runtime: Runtime, shop: None, given: str, stored: datetime) -> None:
    assert run("shops", "set", SHOP_ID, "--go-live", given).code == 0
    assert runtime.shops.get(SHOP_ID).settings.go_live == stored


@pytest.mark.parametrize("given", ["", "yesterday", "2026-13-01", "31.01.2026", "0001-01-01T00:00+10:00"])
def test_what_is_no_date_is_one_line_and_changes_nothing(run: Run, runtime: Runtime, shop: None, given: str) -> None:
    before = runtime.shops.get(SHOP_ID)
    assert "is not a date. Write 2026-01-31" in one_line(run("shops", "set", SHOP_ID, "--go-live", given))
    assert runtime.shops.get(SHOP_ID) == before


@pytest.mark.parametrize(
    ("arguments", "read_again"),
    [
        (("--go-live", "2025-06-01"), True),
        (("--import-fbt",), True),
        (("--go-live", "2026-06-01"), False),
        (("--skip-samples",), False),
        (("--total", "buyer_paid"), False),
    ],
)
def test_settings_that_cover_more_orders_make_the_next_poll_find_them(
    run: Run, runtime: Runtime, shop: None, arguments: tuple[str, ...], read_again: bool
) -> None:
    """An order that was skipped was seen: without forgetting that, the poll would pass it by for ever."""
    queue = runtime.queue(SHOP_ID)
    queue.mark(["571"])
    queue.done(queue.claim(1, 60), "571", update_time=100)
    runtime.cursors.advance(SHOP_ID, 100)
    assert run("shops", "set", SHOP_ID, *arguments).code == 0
    assert (queue.unseen({"571": 100}) == ["571"]) is read_again
    assert (runtime.cursors.get(SHOP_ID) is None) is read_again


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("shops", "set", SHOP_ID), "Nothing to set"),
        (("shops", "set", SHOP_ID, "--total", "guess"), "'guess' is not one of"),
        (("shops", "set", SHOP_ID, "--colour", "red"), "No such option"),
        (("orders", "import", "abc"), "'abc' is not a TikTok order id"),
        (("orders", "import", "٥٧"), "is not a TikTok order id"),
        (("orders", "import"), "Missing argument"),
        (("orders", "retry"), "Name the orders, or use --all"),
        (("orders", "retry", "57x"), "'57x' is not a TikTok order id"),
        (("nonsense",), "No such command"),
        (("backup", "restore", "nowhere"), "does not exist"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_wrong_usage_ends_with_2(
    run: Run, runtime: Runtime, sent: list[Any], arguments: tuple[str, ...], told: str
) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert "Traceback" not in ended.err
    assert sent == []
    assert runtime.queue(SHOP_ID).counts().due == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("shops", "show", "1"),
        ("shops", "set", "1", "--total", "buyer_paid"),
        ("shops", "enable", "1"),
        ("shops", "disable", "1"),
        ("shops", "remove", "1", "--yes"),
        ("orders", "parked", "--shop", "1"),
        ("orders", "import", "--shop", "1", "571"),
    ],
)
def test_an_unknown_shop_is_one_line(run: Run, shop: None, sent: list[Any], arguments: tuple[str, ...]) -> None:
    assert one_line(run(*arguments)) == "Error: There is no shop '1'. `tiktok-odoo shops list` shows them."


def test_a_shop_is_switched_off_and_on(run: Run, runtime: Runtime, shop: None, sent: list[Any]) -> None:
    assert run("shops", "disable", SHOP_ID).code == 0
    assert not runtime.shops.get(SHOP_ID).enabled
    assert run("shops", "enable", SHOP_ID).code == 0
    assert runtime.shops.get(SHOP_ID).enabled
    assert sent == [("orders.drain", SHOP_ID)]


def test_orders_are_made_due_by_id_and_a_worker_is_told(
    run: Run, runtime: Runtime, shop: None, sent: list[Any]
) -> None:
    ended = run("orders", "import", "571", "572", "--force")
    assert (ended.code, ended.err) == (0, "")
    claim = runtime.queue(SHOP_ID).claim(10, 60)
    assert set(claim.ids) == claim.forced == {"571", "572"}
    assert sent == [("orders.drain", SHOP_ID)]


def test_with_two_shops_one_has_to_be_named(run: Run, runtime: Runtime, shop: None, sent: list[Any]) -> None:
    runtime.shops.claim(make_shop("2"))
    ended = run("orders", "import", "571")
    assert (ended.code, ended.out) == (2, "")
    assert "--shop ID" in ended.err
    assert run("orders", "import", "--shop", "2", "571").code == 0
    assert (runtime.queue(SHOP_ID).counts().due, runtime.queue("2").counts().due) == (0, 1)


def test_parked_orders_are_tried_again(run: Run, runtime: Runtime, shop: None, sent: list[Any]) -> None:
    queue = runtime.queue(SHOP_ID)
    queue.mark(["571", "572"])
    claim = queue.claim(2, 60)
    for order_id in claim.ids:
        queue.park(claim, Parked(id=order_id, code="unknown_sku", message="?"), 3600)
    assert run("orders", "retry", "571").code == 0
    assert queue.counts().due == 1
    assert "2 orders are tried again" in run("orders", "retry", "--all").out
    assert queue.counts().due == 2


def test_a_key_is_a_key(run: Run) -> None:
    ended = run("keys", "generate")
    assert (ended.code, ended.err) == (0, "")
    Fernet(ended.out.strip())
    assert run("keys", "generate").out != ended.out


def test_the_first_key_can_be_made_before_there_is_any(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEYS")
    assert run("keys", "generate").code == 0
    assert "SECRET_KEYS is empty" in one_line(run(*ADD, "--app-secret", APP_SECRET))


def test_a_backup_goes_round(run: Run, runtime: Runtime, shop: None, tmp_path: Path) -> None:
    file = tmp_path / "state"
    file.write_text("an older one")
    file.chmod(0o644)
    assert run("backup", "export", str(file)).code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "There are accounts already. Add --yes" in one_line(run("backup", "restore", str(file)))
    runtime.redis.flushall()
    assert run("backup", "restore", str(file)).out == "Restored 1 accounts and 1 shops.\n"
    assert runtime.accounts.get("demo").app_secret == APP_SECRET


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xfe\x00", "Größe".encode()])
def test_a_file_that_is_no_backup_is_one_line(run: Run, runtime: Runtime, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "state"
    file.write_bytes(content)
    assert one_line(run("backup", "restore", str(file))).startswith("Error: ")


def test_a_backup_that_cannot_be_written_is_one_line(run: Run, shop: None, tmp_path: Path) -> None:
    assert "No such file or directory" in one_line(run("backup", "export", str(tmp_path / "nowhere" / "state")))


def test_without_redis_a_command_says_so(run: Run) -> None:
    assert one_line(run("accounts", "list")) == "Error: Redis does not answer. Start it, or correct REDIS_URL."


def test_without_a_broker_a_command_says_so(
    run: Run, runtime: Runtime, shop: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: str) -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(triggers.app, "send_task", away)
    assert "Celery's broker does not answer" in one_line(run("orders", "import", "571"))
    assert runtime.queue(SHOP_ID).counts().due == 1  # the order is due all the same; the sweep finds it


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("REDIS_URL", "localhost:6379", "REDIS_URL is not the address of a Redis"),
        ("SECRET_KEYS", "nonsense", "SECRET_KEYS holds something that is not a Fernet key"),
        ("ODOO_URL", "odoo.example", "ODOO_URL: Value error, must start with http:// or https://"),
        ("ORDER_BATCH_SIZE", "500", "ORDER_BATCH_SIZE: Input should be less than or equal to 50"),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert told in one_line(run("accounts", "list"))


def test_help_and_version_need_nothing(run: Run) -> None:
    assert "Keep TikTok Shop and Odoo in step." in run("--help").out
    assert run("-h").code == run("--version").code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("worker", "--queues", "orders,gold"), "There is no queue gold."),
        (("flower", "--bind", "0.0.0.0:5555"), "Flower would be open to everybody on 0.0.0.0."),
    ],
)
def test_a_process_that_would_run_wrongly_does_not_start(run: Run, arguments: tuple[str, ...], told: str) -> None:
    assert told in one_line(run(*arguments))


def test_a_worker_runs_with_the_options_of_production(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def become(_: str, arguments: list[str]) -> None:
        started.append(arguments)
        sys.exit(0)

    monkeypatch.setattr("os.execvp", become)
    run("worker", "-c", "3", "-Q", "orders,auth")
    run("beat")
    run("web", "--bind", "127.0.0.1:8123")
    worker_line, beat_line, web_line = (" ".join(arguments[1:]) for arguments in started)
    assert "worker --queues orders,auth --concurrency 3" in worker_line
    assert " beat " in f"{beat_line} "
    assert "--bind 127.0.0.1:8123" in web_line
    assert web_line.endswith("web.app:create_app()")


def test_flowers_password_is_no_argument(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments are visible to every user of the machine."""
    started: list[str] = []

    def become(_: str, arguments: list[str]) -> None:
        started.extend(arguments)
        sys.exit(0)

    monkeypatch.setattr("os.execvp", become)
    monkeypatch.setenv("FLOWER_BASIC_AUTH", "boss:s3cret")
    run("flower", "--bind", "0.0.0.0:5555")
    assert "--port=5555" in started
    assert not any("s3cret" in argument for argument in started)
    assert not any("--db" in argument or "--url_prefix" in argument for argument in started)


def test_flower_remembers_and_goes_below_a_prefix_where_that_is_set(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[str] = []

    def become(_: str, arguments: list[str]) -> None:
        started.extend(arguments)
        sys.exit(0)

    monkeypatch.setattr("os.execvp", become)
    monkeypatch.setenv("FLOWER_DB", str(tmp_path / "state" / "seen"))
    monkeypatch.setenv("FLOWER_URL_PREFIX", "/flower/")
    run("flower")
    assert {"--persistent=True", f"--db={tmp_path}/state/seen", "--url_prefix=flower"} <= set(started)
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0  # what it keeps is nobody else's business
