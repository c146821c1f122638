"""Every command line in the documents is run, against a connector that has something of everything.

A new document needs nothing here, as long as the parameters of its commands are in :data:`VALUES`.
"""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import click
import pytest
import requests
from redis import Redis

from sandbox.client import SandboxControl
from sandbox.installation import TIKTOK_ODOO, Installation
from sandbox.stack.processes import Process, free_port, wait_for
from sandbox.stack.stack import Stack
from tests.documents import DOCUMENTS, blocks_in, command_of, commands_in, commands_of, fault_of, spans_in
from tests.support import World, good_weather
from worker.cli import SECTIONS
from worker.logs import configure
from worker.settings import Settings
from worker.state.catalog import Listing
from worker.state.operators import Operators
from worker.state.shops import Shop
from worker.sync.inventory_marks import mark_all
from worker.sync.payouts import pull_payouts
from worker.sync.runtime import Runtime

PASSWORD = "correct horse battery staple"
METRICS_TOKEN = "a token for Prometheus"
#: Stands for the password of Odoo's administrator.
ADMIN = "ADMIN"

#: What a person answers who is asked: the option that would have said it, if there is one, and the answer.
ASKED = {
    "accounts add": [
        *(("--name", "Another seller"), ("--market", "GB"), ("--service-id", "7400000000000000001")),
        *(("--app-key", "6anotherkey"), ("--app-secret", "another secret")),
    ],
    "accounts remove": [("--yes", "y")],
    "accounts set": [("", "a new secret")],
    "odoo prepare": [("", ADMIN)],
    "operators add": [("", PASSWORD)],
    "operators password": [("", PASSWORD)],
    "shops remove": [("--yes", "y")],
}

#: How commands, or single lines, end that report what needs a person: an order is parked, no worker works.
ENDS = {"doctor": 1, "orders reconcile": 1, "status": 1}

#: Lines of running text that say which command it is, and leave its options to the sentence around them.
IN_PART = {"shops set SHOP", "shops feed SHOP WAREHOUSE"}

#: What is done when Redis is gone; elsewhere they refuse to overwrite what is there.
WHEN_REDIS_IS_EMPTY = re.compile(r"backup restore (?!.*--yes)")

#: Processes, which run until they are stopped, and what each writes when it works.
PROCESSES = {"web": "Listening at", "worker": " ready.", "beat": "beat: Starting", "flower": "Connected to"}

#: An address of the receiver, without its host.
_PATH = r"(/(?:healthz|metrics|console|tiktok|tokopedia)\b(?!-)[\w/]*)"


@dataclass(frozen=True)
class Prepared:
    """A connector with one account and one shop: orders in Odoo and parked, a catalogue, stock that is pushed."""

    world: World
    installation: Installation
    shop: Shop
    imported: str
    parked: str
    listing: Listing
    unmapped: str
    warehouse: str
    event: str
    statement: str
    folder: Path


Value = Callable[[Prepared, str], str]
#: What a database of Redis keeps: each key's time to live in milliseconds (0: for ever), and its value.
Kept = dict[bytes, tuple[int, bytes]]


def _as_written(_: Prepared, written: str) -> str:
    return written


def _yesterday(_: Prepared, written: str) -> str:
    """Dates in documents are examples, and may be to come."""
    if written != "DATE":
        datetime.fromisoformat(written)
    return f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"


def _new_file(prepared: Prepared, written: str) -> str:
    return str(prepared.folder / f"new{Path(written).suffix}")


#: What stands for a parameter: by its name in ``worker/cli``, or by command and name where it is another one there.
VALUES: dict[str, Value] = {
    "account": lambda prepared, _: prepared.shop.account_id,
    "shop": lambda prepared, _: prepared.shop.id,
    "shop_id": lambda prepared, _: prepared.shop.id,
    "order": lambda prepared, _: prepared.imported,
    "order_id": lambda prepared, _: prepared.imported,
    "order_ids": lambda prepared, _: prepared.parked,
    "event": lambda prepared, _: prepared.event,
    "statement": lambda prepared, _: prepared.statement,
    "sku_id": lambda prepared, _: prepared.listing.sku_id,
    "catalog map sku_id": lambda prepared, _: prepared.unmapped,
    "product_ids": lambda prepared, _: prepared.listing.product_id,
    "reference": lambda _, written: written and "SKU-1",
    "shops feed warehouse": lambda prepared, _: prepared.warehouse,
    # Odoo's things
    "warehouse": _as_written,
    "odoo_warehouses": _as_written,
    "stock_warehouse": _as_written,
    "company": lambda *_: "1",
    "sales_team": lambda *_: "TikTok Shop",
    "pricelist": lambda *_: "TikTok GBP",
    "tax": lambda *_: "VAT 20% included",
    "default_product": lambda *_: "TIKTOK-UNKNOWN",
    "default_carrier": lambda *_: "TikTok Shipping",
    "payout_partner": lambda *_: "1",
    "payout_journal": lambda *_: "Bank",
    "location": lambda *_: "TTW/Stock",
    "stock_location": lambda *_: "TTW/Stock",
    "user": lambda prepared, _: prepared.world.stack.credentials.admin_login,
    # Files
    "backup export file": _new_file,
    "backup restore file": lambda prepared, _: str(prepared.folder / "kept-backup"),
    "catalog export file": _new_file,
    "payouts export file": _new_file,
    "catalog import file": lambda prepared, _: str(prepared.folder / "kept.xlsx"),
    # What the documents may choose
    "since": _yesterday,
    "until": _yesterday,
    "go_live": _yesterday,
    "operators add name": _as_written,
    "name": lambda *_: "rosa",
    **dict.fromkeys(
        ("accounts add name", "accounts set name", "service_id", "app_key", "app_secret", "stock_maximum"), _as_written
    ),
    **dict.fromkeys(("shipping_provider", "cancel_reason"), _as_written),
    **dict.fromkeys(("doctor names", "note", "reason", "text", "topic"), _as_written),
}


def _texts() -> list[str]:
    """All documents but the history, whose commands may be gone."""
    return [each.read_text(encoding="utf-8") for each in DOCUMENTS if each.name != "CHANGELOG.md"]


def _documented() -> dict[str, bool]:
    """Every command line; whether it stands in a block, and so must be whole."""
    found: dict[str, bool] = {}
    for text in _texts():
        found |= {line: found.get(line, False) for line in commands_in(text)}
        found |= dict.fromkeys((line for code in blocks_in(text) for line in commands_of(code)), True)
    return found


def _only_names(line: str) -> bool:
    """Whether running text only names the command, which wants more than that."""
    _, command, words = command_of(line)
    wants = isinstance(command, click.Group) or any(each.required for each in command.params)
    return wants and not words and not DOCUMENTED[line]


def _takes_json(line: str) -> bool:
    if fault_of(line) or line in IN_PART or _only_names(line):
        return False
    return any(parameter.name == "as_json" for parameter in command_of(line)[1].params)


def _addresses() -> list[str]:
    """Every address of the receiver, without its beginning: after a host in code, or alone between backticks."""
    after_host = re.compile(rf"(?:{{PUBLIC_URL}}|https?://(?:connector\.example\.com|127\.0\.0\.1:8000)){_PATH}")
    found: dict[str, None] = {}
    for text in _texts():
        code = [*blocks_in(text), *spans_in(text)]
        found |= dict.fromkeys(path for line in code for path in after_host.findall(line))
        found |= dict.fromkeys(span for span in spans_in(text) if re.fullmatch(_PATH, span))
    return list(found)


DOCUMENTED = _documented()
STARTED = [line for line in DOCUMENTED if line.split()[0] in PROCESSES]
FOLLOWED = [line for line in DOCUMENTED if {"--follow", "-f"} & set(line.split())]
RUN = [line for line in DOCUMENTED if line not in {*STARTED, *FOLLOWED}]
#: The first line of each command that can answer in JSON.
ONE_OF_EACH = list({" ".join(command_of(line)[0]): line for line in reversed(RUN) if _takes_json(line)}.values())
ADDRESSES = _addresses()


class Invocation(NamedTuple):
    """A documented line, ready to be run, and the code with which it ends."""

    arguments: Sequence[str]
    typed: str = ""
    code: int = 0


def _is_asked_for(parameter: click.Parameter) -> bool:
    """Whether the documents write it as they like: no flag, choice or number."""
    flag = isinstance(parameter, click.Option) and parameter.is_flag
    return not flag and (parameter.type is click.STRING or isinstance(parameter.type, click.Path))


def _filled(line: str, prepared: Prepared) -> list[str]:
    """The words of a line, with what is there in the place of examples and placeholders."""
    path, command, words = command_of(line)
    options = {name: each for each in command.params if isinstance(each, click.Option) for name in each.opts}
    positions = [each for each in command.params if isinstance(each, click.Argument)]
    filled: list[str] = []
    parameter: click.Parameter | None = None
    for word in words:
        if parameter is None and word.startswith("-"):
            filled.append(word)
            option = options.get(word)
            parameter = option if option is not None and not option.is_flag else None
            continue
        if parameter is None:
            parameter = positions[0] if positions[0].nargs == -1 else positions.pop(0)
        filled.append(_value(prepared, " ".join(path), parameter, word))
        parameter = None
    return [*path, *filled]


def _value(prepared: Prepared, path: str, parameter: click.Parameter, written: str) -> str:
    if not _is_asked_for(parameter):
        return written
    value = VALUES.get(f"{path} {parameter.name}") or VALUES.get(parameter.name or "")
    if value is None:
        pytest.fail(f"Add to VALUES in {Path(__file__).name} what stands for {parameter.name!r} of {path!r}.")
    return value(prepared, written)


def _invocation(line: str, prepared: Prepared, *, as_json: bool = False) -> Invocation:
    name = " ".join(command_of(line)[0])
    if line in IN_PART:
        return Invocation(_filled(line, prepared), code=2)
    if _only_names(line):
        return Invocation([*name.split(), "--help"])
    arguments = _filled(line, prepared)
    typed = ""
    for option, answer in ASKED.get(name, []):
        told = prepared.world.stack.credentials.admin_password if answer == ADMIN else answer
        if option and as_json and option not in arguments:  # then nothing is asked
            arguments += [option] if option == "--yes" else [option, told]
        elif option not in arguments:
            typed += f"{told}\n"
    return Invocation([*arguments, *(["--json"] if as_json else [])], typed, ENDS.get(line, ENDS.get(name, 0)))


@pytest.fixture(scope="module")
def prepared(stack: Stack, simulator: SandboxControl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """Made once; what a command changes in Redis is undone before the next."""
    folder = tmp_path_factory.mktemp("commands")
    variables = {**stack.environment(), "METRICS_TOKEN": METRICS_TOKEN}
    installation = Installation(folder, variables, simulator.base_url)
    known = {name.lower(): value for name, value in installation.environment.items()}
    settings = Settings(_env_file=None, **{name: known[name] for name in Settings.model_fields.keys() & known.keys()})
    configure(settings)
    good_weather(simulator)
    world = World(Runtime(settings), stack, simulator)
    for redis in _databases(settings):
        redis.flushdb()
    with installation:
        installation.start_web()
        yield _prepare(world, installation, folder)


def _prepare(world: World, installation: Installation, folder: Path) -> Prepared:
    (linked,) = world.link_seller(["GB"], shop={"warehouses": 2})
    shop = linked.shop
    webhook = {"webhook_url": f"{installation.web_url}/tiktok/webhook"}
    world.tiktok.create_app(**asdict(linked.app) | webhook)  # from now on orders are told, too
    (unknown,) = world.tiktok.add_products(shop.id, [{"seller_sku": "LOST", "title": "Not in Odoo", "price": "12"}])
    imported, parked = world.order(shop), world.order(shop, ("LOST", 1))
    events = wait_for(lambda: world.runtime.inbox.latest(2)[1:], 20, "the webhooks about two orders")
    world.import_orders(shop, imported, parked)
    world.poll(shop)
    world.pull_catalog(shop)
    shop = world.change(shop, push_stock="on")
    mark_all(world.runtime, shop)
    world.push_stock(shop)
    world.tiktok.adjust(shop.id, "1.50")
    statement = world.tiktok.settle(shop.id)["id"]
    pull_payouts(world.runtime, shop)
    Operators(world.runtime.redis).add("rosa", "operator", PASSWORD)
    for line in (("backup", "export", "kept-backup"), ("catalog", "export", "kept.xlsx")):
        installation.cli(*line, folder=folder)
    return Prepared(
        world=world,
        installation=installation,
        shop=shop,
        imported=imported,
        parked=parked,
        listing=next(each for each in world.runtime.catalog(shop.id).listings().values() if each.seller_sku == "SKU-1"),
        unmapped=unknown.sku_id,
        warehouse=world.warehouses(shop)[0],
        event=events[0].id,
        statement=statement,
        folder=folder,
    )


def _databases(settings: Settings) -> list[Redis]:
    """That of our state and that of Celery's messages; values as bytes."""
    return [Redis.from_url(url) for url in (settings.redis_url, settings.broker_url)]


@pytest.fixture(scope="module")
def kept(prepared: Prepared) -> list[Kept]:
    """All that Redis keeps of what was prepared, by database."""
    return [_all_of(redis) for redis in _databases(prepared.world.runtime.settings)]


def _all_of(redis: Redis) -> Kept:
    found = {name: (max(0, redis.pttl(name)), redis.dump(name)) for name in redis.scan_iter()}
    return {name: (left, value) for name, (left, value) in found.items() if value is not None}  # ended meanwhile


@pytest.fixture(autouse=True)
def _as_it_was(prepared: Prepared, kept: list[Kept]) -> None:
    """Puts Redis back to how it was prepared, and clears the files that commands wrote."""
    for redis, values in zip(_databases(prepared.world.runtime.settings), kept, strict=True):
        pipeline = redis.pipeline()
        pipeline.flushdb()
        for name, (left, value) in values.items():
            pipeline.restore(name, left, value)
        pipeline.execute()
    for file in prepared.folder.glob("new*"):
        file.unlink()


@pytest.mark.parametrize("line", RUN)
def test_a_documented_command_does_what_it_says(line: str, prepared: Prepared) -> None:
    assert fault_of(line) == ""
    done = _run(line, _invocation(line, prepared), prepared)
    assert (done.stdout + done.stderr).strip(), f"tiktok-odoo {line} says nothing"


@pytest.mark.parametrize("line", ONE_OF_EACH)
def test_a_documented_command_answers_in_json_too(line: str, prepared: Prepared) -> None:
    answer = _run(line, _invocation(line, prepared, as_json=True), prepared).stdout
    documents = answer.splitlines() if line.startswith("events tail") else [answer]
    assert documents
    for document in documents:
        json.loads(document)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C reaches programs that are started here, also when these tests run in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("line", FOLLOWED)
def test_what_is_followed_goes_on_until_ctrl_c(line: str, prepared: Prepared) -> None:
    environment = prepared.installation.environment
    log = prepared.folder / "followed.log"
    log.unlink(missing_ok=True)
    command = [TIKTOK_ODOO, *_filled(line, prepared)]
    with Process(line, command, log=log, env=environment, cwd=prepared.folder, stop_signal=signal.SIGINT) as process:
        process.wait_until(lambda: log.stat().st_size, 30, "it to show what came in")
        process.stop()
        assert (process.returncode, process.log_tail().count("Traceback")) == (0, 0)


def test_every_documented_process_starts(prepared: Prepared) -> None:
    """All at once, as on a machine; what each does is for other tests to tell."""
    assert {line.split()[0] for line in STARTED} == set(PROCESSES) == {each.name for each in SECTIONS["Processes"]}
    assert [fault_of(line) for line in STARTED] == [""] * len(STARTED)
    processes = []
    for number, line in enumerate(STARTED):
        own = {f"{name}_BIND": f"127.0.0.1:{free_port()}" for name in ("WEB", "FLOWER")}
        command = [TIKTOK_ODOO, *shlex.split(line)]
        environment = {**prepared.installation.environment, **own}
        log = prepared.folder / f"process-{number}.log"
        processes.append(Process(line, command, log=log, env=environment, cwd=prepared.folder))
    try:
        for process in processes:
            process.start()
        for process in processes:
            text = PROCESSES[process.name.split()[0]]
            process.wait_until(lambda log=process.log, text=text: text in log.read_text(errors="replace"), 60)  # type: ignore[misc]
    finally:
        for process in processes:
            process.kill()


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_documented_address_is_one_of_the_receiver(path: str, prepared: Prepared) -> None:
    token = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    url = f"{prepared.installation.web_url}{path}"
    answer = requests.get(url, headers=token, timeout=10, allow_redirects=False)
    # 400 and 405: TikTok opens the way back with a code, and its webhooks are no GET.
    assert answer.status_code in {200, 302, 303, 400, 405}, f"{path} answers {answer.status_code}"
    if path.startswith(("/healthz", "/metrics")):
        assert answer.status_code == 200


def test_what_is_said_here_about_lines_holds_for_lines_of_the_documents() -> None:
    assert {line for line in IN_PART if DOCUMENTED.get(line, True)} == set(), "not in running text any more"


def _run(line: str, invocation: Invocation, prepared: Prepared) -> subprocess.CompletedProcess[str]:
    if WHEN_REDIS_IS_EMPTY.match(line):
        prepared.world.runtime.redis.flushdb()
    done = prepared.installation.cli(*invocation.arguments, check=False, typed=invocation.typed, folder=prepared.folder)
    told = (
        f"tiktok-odoo {line} ended with {done.returncode}, not {invocation.code}. It was run as\n"
        f"tiktok-odoo {shlex.join(invocation.arguments)}\n{done.stdout}{done.stderr}\n"
        f"If the document is right, say so in {Path(__file__).name}: what it asks for in ASKED, what stands for an "
        "example in VALUES, how a report of what needs a person ends in ENDS, a line that is no whole one in IN_PART."
    )
    assert done.returncode == invocation.code, told
    assert "Traceback" not in done.stderr, told
    return done
