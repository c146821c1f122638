"""``tiktok-odoo inventory`` and the stock settings of ``tiktok-odoo shops``: what operators read, and how each ends."""

from __future__ import annotations

from typing import Any

import pytest
from cli_stubs import Messages, Run, document, one_line

from tests.unit.builders import SHOP_ID, make_shop
from tests.unit.sync.stock_bench import Bench, second_warehouse, sku
from worker.cli import inventory as commands
from worker.errors import RetryableError
from worker.odoo.errors import OdooUnavailableError
from worker.state.dirty_set import Parked
from worker.state.shops import Feed
from worker.sync import inventory_reconcile
from worker.sync.runtime import Runtime
from worker.tiktok.models import InventoryError


@pytest.fixture(autouse=True)
def bench(runtime: Runtime, sent: Messages, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """What the commands work on: a shop that nobody has agreed to push yet, with two products."""
    monkeypatch.setattr(inventory_reconcile, "_PAUSE", 0)
    monkeypatch.setattr(commands.time, "sleep", lambda _: None)
    bench = Bench(runtime, monkeypatch)
    for variant, units in ((5, 5), (6, 6)):
        bench.odoo.product(variant, units=units)
    bench.tiktok.list("1", sku("11", "A"), title="Dress")
    bench.tiktok.list("2", sku("21", "B"), title="Shirt")
    bench.know("1", s11=5)
    bench.know("2", s21=6)
    for one, (code, name) in enumerate([("WH", "Main"), ("NORTH", "North")], start=1):
        bench.odoo.has("stock.warehouse", one, code=code, name=name)
    bench.odoo.has("stock.location", 8, complete_name="WH/Stock/Shelf", name="Shelf")
    return bench


def state(bench: Bench) -> str:
    """Whether the shop's stock is pushed."""
    return bench.runtime.shops.get(SHOP_ID).settings.push_stock


# inventory push


def test_a_first_push_is_shown_and_nothing_is_changed(run: Run, bench: Bench, sent: Messages) -> None:
    bench.tiktok.stock |= {"11": {"W1": 9}, "21": {"W1": 6}}
    ended = run("inventory", "push")
    assert (ended.code, ended.err) == (0, "")
    assert f"{SHOP_ID}\t11\tA\tDress\t9\t5\n" in ended.out
    assert "21" not in ended.out.replace(SHOP_ID, "")
    assert "2 SKUs compared, 1 differ, 0 of them would be sold out." in ended.out
    assert f"To agree: tiktok-odoo inventory push --shop {SHOP_ID} --apply" in ended.out
    assert (bench.tiktok.pushed, state(bench), sent) == ([], "ask", [])
    assert bench.stock_due() == []


def test_what_would_be_sold_out_is_counted(run: Run, bench: Bench) -> None:
    bench.tiktok.stock["11"] = {"W1": 9}
    bench.odoo.product(5, units=0)
    assert "2 SKUs compared, 2 differ, 1 of them would be sold out." in run("inventory", "push").out


def test_every_sku_is_shown_where_that_is_wished(run: Run, bench: Bench) -> None:
    bench.tiktok.stock |= {"11": {"W1": 5, "W2": 0}, "21": {"W1": 6}}
    rows = document(run("inventory", "push", "--all", "--json"))
    assert [(row["sku"], row["on_tiktok"], row["from_odoo"]) for row in rows] == [
        ("11", "W1: 5, W2: 0", "W1: 5, W2: 0"),
        ("21", "6", "6"),
    ]
    assert document(run("inventory", "push", "--json")) == []
    assert "TikTok shows what Odoo has." in run("inventory", "push").out


def test_a_long_list_is_cut_for_people_and_whole_for_scripts(run: Run, bench: Bench) -> None:
    for number in range(100, 160):
        bench.tiktok.list(str(number))
        bench.know(str(number), **{f"s{number}1": 5})
    assert "... and 12 more (--json lists them all)." in run("inventory", "push").out
    assert len(document(run("inventory", "push", "--json"))) == 62


def test_what_is_left_alone_is_said_with_the_reason(run: Run, bench: Bench) -> None:
    bench.odoo.product(5, is_storable=False)
    assert "1 SKUs are left alone. Odoo keeps no count of it: Track Inventory is off" in run("inventory", "push").out


def test_who_agrees_has_it_pushed_and_kept_pushed(run: Run, bench: Bench) -> None:
    ended = run("inventory", "push", "--apply")
    assert (ended.code, ended.err) == (0, "")
    assert "Demo GB's stock is pushed. From now on changes in Odoo are pushed by themselves." in ended.out
    assert "Nothing was changed" not in ended.out
    assert bench.tiktok.stock == {"11": {"W1": 5}, "21": {"W1": 6}}
    assert state(bench) == "on"
    assert bench.inventory.open_count() == 0


def test_who_agrees_in_a_script_reads_one_document(run: Run, bench: Bench) -> None:
    ended = run("inventory", "push", "--apply", "--json")
    assert (ended.code, ended.err, len(document(ended))) == (0, "", 2)
    assert bench.tiktok.stock["11"] == {"W1": 5}


def test_a_push_that_is_switched_off_is_not_agreed_to_by_the_way(run: Run, bench: Bench) -> None:
    bench.settle(push_stock="off")
    assert f"shops set {SHOP_ID} --push-stock on" in one_line(run("inventory", "push", "--apply"))
    assert (bench.tiktok.calls, state(bench)) == ([], "off")


def test_a_shop_that_is_switched_off_is_told_how_to_switch_it_on(run: Run, bench: Bench) -> None:
    bench.settle(push_stock="off")
    assert "--push-stock on" in run("inventory", "push").out


def test_an_empty_catalogue_is_said_with_the_command_that_fills_it(run: Run, bench: Bench) -> None:
    bench.catalog.drop()
    ended = run("inventory", "push")
    assert ended.code == 1
    assert f"tiktok-odoo catalog pull --shop {SHOP_ID}" in one_line(ended)


def test_what_tiktok_refuses_is_told_and_the_rest_is_pushed(run: Run, bench: Bench) -> None:
    bench.tiktok.refusals["11"] = InventoryError.model_validate(
        {"code": 1, "message": "In a campaign.", "detail": {"sku_id": "11"}}
    )
    ended = run("inventory", "push", "--apply")
    assert ended.code == 1
    assert ended.err == "Error: TikTok refused some of it: tiktok-odoo inventory parked\n"
    assert bench.tiktok.stock == {"11": {"W1": 0}, "21": {"W1": 6}}
    (row,) = document(run("inventory", "parked", "--json"))
    assert (row["shop"], row["product"], row["code"], row["attempts"]) == (SHOP_ID, "1", "stock_refused", 1)
    assert "In a campaign." in row["reason"]
    assert row["remedy"]


def test_a_push_that_a_side_ends_says_why(run: Run, bench: Bench) -> None:
    bench.tiktok.errors["update_inventory"] = RetryableError("TikTok is away.", remedy="Wait.")
    ended = run("inventory", "push", "--apply")
    assert (ended.code, ended.err) == (1, "Error: TikTok is away. Wait.\n")


def test_a_comparison_that_fails_is_one_line(run: Run, bench: Bench) -> None:
    bench.odoo.error = OdooUnavailableError("Odoo does not answer.", remedy="Start it.")
    assert "Odoo does not answer. Start it." in one_line(run("inventory", "push"))


def test_amounts_are_only_lowered_before_the_first_poll_and_people_are_told(run: Run, bench: Bench) -> None:
    bench.runtime.cursors.drop(SHOP_ID)
    ended = run("inventory", "push")
    assert "until they are, amounts are only lowered" in ended.out
    assert "2 SKUs compared, 0 differ" in ended.out


def test_a_push_ends_though_orders_stay_on_their_way(run: Run, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.runtime.cursors.drop(SHOP_ID)  # as without workers, or with an order that cannot be read
    looks: list[float] = []

    def pause(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) > 500:
            raise KeyboardInterrupt

    monkeypatch.setattr(commands.time, "sleep", pause)
    run("inventory", "push", "--apply")
    assert len(looks) <= 500


# inventory reconcile, parked and list


def test_both_sides_agree(run: Run, bench: Bench) -> None:
    bench.settle(push_stock="on")
    bench.tiktok.stock |= {"11": {"W1": 5}, "21": {"W1": 6}}
    ended = run("inventory", "reconcile")
    assert ended.code == 0
    assert "Both sides agree." in ended.out
    assert f"Demo GB ({SHOP_ID}): 2 SKUs agree, 0 differ; 0 have no stock in Odoo, 0 are not mapped" in ended.out


def test_what_drifted_is_told_with_exit_code_1_and_pushed_again(run: Run, bench: Bench, sent: Messages) -> None:
    bench.settle(push_stock="on")
    bench.tiktok.stock |= {"11": {"W1": 9}, "21": {"W1": 6}}
    ended = run("inventory", "reconcile", "--json")
    assert ended.code == 1
    assert [(row["sku"], row["on_tiktok"], row["from_odoo"]) for row in document(ended)] == [("11", "9", "5")]
    assert sent == [("inventory.push", SHOP_ID)]
    assert bench.stock_due() == ["1"]
    assert "1 SKUs agree, 1 differ and are pushed again;" in run("inventory", "reconcile").out


@pytest.mark.parametrize("push_stock", ["on", "ask", "off"])
def test_a_report_alone_repairs_nothing(run: Run, bench: Bench, sent: Messages, push_stock: str) -> None:
    bench.settle(push_stock=push_stock)
    ended = run("inventory", "reconcile", "--shop", SHOP_ID, *(["--report-only"] if push_stock == "on" else []))
    assert ended.code == 1
    assert "0 SKUs agree, 2 differ;" in ended.out
    assert (sent, bench.stock_due(), bench.tiktok.pushed) == ([], [], [])


def test_a_shop_that_is_not_pushed_is_only_compared_when_it_is_named(run: Run, bench: Bench) -> None:
    ended = run("inventory", "reconcile")
    assert ended.code == 0
    assert "stock is not pushed, so it was not compared" in ended.out
    assert bench.tiktok.calls == []


def test_shops_are_listed_with_how_their_stock_stands(run: Run, bench: Bench) -> None:
    bench.settle(push_stock="on")
    bench.inventory.mark(["1"])
    bench.inventory.park(bench.inventory.claim(1, 60), Parked(id="1", code="stock_refused", message="?"), 60)
    bench.inventory.mark(["2"])
    bench.know("2")
    (row,) = document(run("inventory", "list", "--json"))
    assert {name: row[name] for name in ("shop", "push", "bound", "due", "refused")} == {
        "shop": SHOP_ID,
        "push": "on",
        "bound": 1,
        "due": 1,
        "refused": 1,
    }
    assert (row["compared"], row["drifted"]) == (None, None)
    run("inventory", "reconcile", "--report-only")
    (row,) = document(run("inventory", "list", "--json"))
    assert row["compared"]
    assert row["drifted"] == 1


def test_of_several_shops_one_is_to_be_named_for_a_push(run: Run, bench: Bench) -> None:
    bench.other_shop()
    ended = run("inventory", "push")
    assert (ended.code, bench.tiktok.calls) == (2, [])
    assert "--shop ID" in ended.err
    assert run("inventory", "push", "--shop", SHOP_ID).code == 0
    assert [row["shop"] for row in document(run("inventory", "list", "--json"))] == ["2", SHOP_ID]


def test_nothing_is_refused(run: Run) -> None:
    assert run("inventory", "parked").out == "TikTok has refused nothing.\n"
    assert document(run("inventory", "parked", "--json")) == []


# shops set, warehouses and feed


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (("--stock-buffer", "3"), {"stock_buffer": 3}),
        (("--stock-maximum", "20"), {"stock_maximum": 20}),
        (("--stock-maximum", "0"), {"stock_maximum": 0}),
        (("--stock-warehouse", "NORTH", "--stock-warehouse", "1"), {"stock_warehouse_ids": [2, 1]}),
        (("--stock-location", "WH/Stock/Shelf"), {"stock_location_id": 8}),
        (("--push-stock", "on"), {"push_stock": "on"}),
        (("--warehouse", "NORTH"), {"warehouse_id": 2}),
    ],
)
def test_a_setting_about_stock_has_all_stock_looked_at_anew(
    run: Run, bench: Bench, sent: Messages, arguments: tuple[str, ...], settings: dict[str, Any]
) -> None:
    bench.settle(push_stock="ask" if "push_stock" in settings else "on")
    ended = run("shops", "set", SHOP_ID, *arguments)
    assert ended.code == 0
    assert "All stock of the shop is compared and pushed anew." in ended.out
    changed = bench.runtime.shops.get(SHOP_ID).settings
    assert {name: getattr(changed, name) for name in settings} == settings
    assert bench.stock_due() == ["1", "2"]
    assert sent == [("inventory.push", SHOP_ID)]


@pytest.mark.parametrize("arguments", [("--stock-buffer", "0"), ("--total", "buyer_paid"), ("--push-stock", "on")])
def test_a_setting_that_changes_no_stock_has_none_looked_at(
    run: Run, bench: Bench, sent: Messages, arguments: tuple[str, ...]
) -> None:
    bench.settle(push_stock="on")
    assert run("shops", "set", SHOP_ID, *arguments).code == 0
    assert (sent, bench.stock_due()) == ([], [])


def test_where_no_stock_is_pushed_a_setting_makes_none_due(run: Run, bench: Bench, sent: Messages) -> None:
    assert "pushed anew" not in run("shops", "set", SHOP_ID, "--stock-buffer", "3").out
    assert (sent, bench.stock_due()) == ([], [])


@pytest.mark.parametrize(
    ("option", "name", "empty"),
    [
        ("--stock-maximum", "stock_maximum", None),
        ("--stock-warehouse", "stock_warehouse_ids", []),
        ("--stock-location", "stock_location_id", None),
    ],
)
def test_an_empty_value_clears_a_choice(run: Run, bench: Bench, option: str, name: str, empty: Any) -> None:
    bench.settle(stock_maximum=5, stock_warehouse_ids=[1], stock_location_id=8)
    assert run("shops", "set", SHOP_ID, option, "").code == 0
    assert getattr(bench.runtime.shops.get(SHOP_ID).settings, name) == empty


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--stock-maximum", "many"), "'many' is no number of units."),
        (("--stock-maximum", "-1"), "'-1' is no number of units."),
        (("--stock-maximum", "²"), "'²' is no number of units."),
        (("--stock-buffer", "-1"), "-1 is not in the range"),
        (("--push-stock", "maybe"), "'maybe' is not one of"),
    ],
)
def test_what_is_no_number_of_units_is_wrong_usage(
    run: Run, bench: Bench, arguments: tuple[str, ...], reason: str
) -> None:
    ended = run("shops", "set", SHOP_ID, *arguments)
    assert ended.code == 2
    assert reason in ended.err
    assert bench.runtime.shops.get(SHOP_ID).settings == bench.shop.settings


def test_a_warehouse_that_odoo_does_not_have_is_refused(run: Run) -> None:
    assert "no warehouse called 'SOUTH'. There is: WH, NORTH" in one_line(
        run("shops", "set", SHOP_ID, "--stock-warehouse", "SOUTH")
    )


def test_products_that_match_none_are_looked_at_again_when_they_may_be_created(
    run: Run, bench: Bench, sent: Messages
) -> None:
    bench.know("2")
    ended = run("shops", "set", SHOP_ID, "--create-products")
    assert "1 products that match none in Odoo are looked at again." in ended.out
    assert (bench.due(), sent) == ({"2": False}, [("catalog.drain", SHOP_ID)])
    sent.clear()
    run("shops", "set", SHOP_ID, "--map-only")
    assert (bench.due(), sent) == ({}, [])


def test_a_shop_that_is_switched_on_again_has_all_its_stock_looked_at(run: Run, bench: Bench, sent: Messages) -> None:
    bench.settle(push_stock="on")
    run("shops", "disable", SHOP_ID)
    run("shops", "enable", SHOP_ID)
    assert bench.stock_due() == ["1", "2"]
    assert ("inventory.push", SHOP_ID) in sent


def test_warehouses_of_tiktok_are_shown_with_whose_stock_they_show(run: Run, bench: Bench) -> None:
    bench.tiktok.places = [
        *bench.tiktok.places,
        second_warehouse("W2"),
        second_warehouse("W3").model_copy(update={"effect_status": "DISABLED"}),
        second_warehouse("R1").model_copy(update={"type": "RETURN_WAREHOUSE"}),
    ]
    rows = document(run("shops", "warehouses", SHOP_ID, "--json"))
    assert rows == [
        {
            "warehouse": "W1",
            "name": "Site W1",
            "default": "default",
            "takes_stock": "yes",
            "shows": "all warehouses of the company",
        },
        {"warehouse": "W2", "name": "Site W2", "default": "", "takes_stock": "yes", "shows": "nothing"},
        {"warehouse": "W3", "name": "Site W3", "default": "", "takes_stock": "switched off", "shows": "nothing"},
    ]
    bench.settle(warehouse_feeds={"W1": Feed(location_id=8), "W2": Feed(warehouse_ids=[1, 2])})
    shows = [row["shows"] for row in document(run("shops", "warehouses", SHOP_ID, "--json"))]
    assert shows == ["location WH/Stock/Shelf", "Main, North", "nothing"] or shows[1] == "WH, NORTH"


def test_warehouses_are_asked_for_anew_only_where_that_is_wished(run: Run, bench: Bench) -> None:
    for arguments in ((), (), ("--refresh",)):
        run("shops", "warehouses", SHOP_ID, *arguments)
    assert bench.tiktok.calls == ["warehouses", "warehouses"]


def test_a_warehouse_of_tiktok_is_fed_by_warehouses_or_a_location_of_odoo(
    run: Run, bench: Bench, sent: Messages
) -> None:
    bench.settle(push_stock="on")
    bench.tiktok.places = [*bench.tiktok.places, second_warehouse("W2")]
    ended = run("shops", "feed", SHOP_ID, "W1", "--warehouse", "WH", "--warehouse", "NORTH")
    assert ended.code == 0
    assert "Site W1 (W1) is fed now." in ended.out
    run("shops", "feed", SHOP_ID, "W2", "--location", "Shelf")
    feeds = bench.runtime.shops.get(SHOP_ID).settings.warehouse_feeds
    assert feeds == {"W1": Feed(warehouse_ids=[1, 2]), "W2": Feed(location_id=8)}
    assert bench.stock_due() == ["1", "2"]
    assert set(sent) == {("inventory.push", SHOP_ID)}
    assert "is not fed by itself now." in run("shops", "feed", SHOP_ID, "W1", "--clear").out
    assert set(bench.runtime.shops.get(SHOP_ID).settings.warehouse_feeds) == {"W2"}


def test_the_same_stock_never_feeds_two_warehouses(run: Run, bench: Bench) -> None:
    bench.tiktok.places = [*bench.tiktok.places, second_warehouse("W2")]
    run("shops", "feed", SHOP_ID, "W1", "--warehouse", "WH")
    assert "would be for sale twice" in one_line(run("shops", "feed", SHOP_ID, "W2", "--warehouse", "WH"))
    assert set(bench.runtime.shops.get(SHOP_ID).settings.warehouse_feeds) == {"W1"}


def test_an_unknown_warehouse_of_tiktok_is_refused_with_the_command_that_shows_them(run: Run) -> None:
    error = one_line(run("shops", "feed", SHOP_ID, "W9", "--warehouse", "WH"))
    assert "Demo GB has no sales warehouse 'W9'." in error
    assert f"tiktok-odoo shops warehouses {SHOP_ID}" in error


@pytest.mark.parametrize(
    "arguments", [(), ("--clear", "--location", "Shelf"), ("--warehouse", "WH", "--location", "Shelf")]
)
def test_a_feed_is_one_thing_or_another(run: Run, bench: Bench, arguments: tuple[str, ...]) -> None:
    ended = run("shops", "feed", SHOP_ID, "W1", *arguments)
    assert ended.code == 2
    assert "Give either --warehouse, --location or --clear." in ended.err
    assert bench.tiktok.calls == []


@pytest.mark.parametrize("command", ["warehouses", "feed"])
def test_an_unknown_shop_is_one_line(run: Run, command: str) -> None:
    arguments = ("W1", "--clear") if command == "feed" else ()
    assert "There is no shop '5'" in one_line(run("shops", command, "5", *arguments))


def test_a_shop_of_these_tests_pushes_nothing_by_default() -> None:
    assert make_shop().settings.push_stock == "ask"


# inventory retry, inventory show


def test_refused_stock_is_tried_again(run: Run, bench: Bench, sent: Messages) -> None:
    ended = run("inventory", "retry", "1")
    assert (ended.code, sent) == (1, [])
    assert "nobody has agreed yet" in ended.err
    bench.settle(push_stock="on")
    bench.inventory.mark(["2"])
    bench.inventory.park(bench.inventory.claim(1, 60), Parked(id="2", code="stock_refused", message="No."), 3600)
    assert document(run("inventory", "retry", "--all", "--json")) == {"shop": SHOP_ID, "products": 1}
    assert (bench.stock_due(), sent) == (["2"], [("inventory.push", SHOP_ID)])
    assert run("inventory", "retry").code == 2
    assert run("inventory", "retry", "1").out == "1 products are tried again.\n"
    assert bench.stock_due() == ["1"]


def test_the_sum_of_a_skus_units_is_shown(run: Run, bench: Bench) -> None:
    bench.settle(stock_buffer=1)
    for record in bench.odoo.records["product.product"].values():
        record |= {"incoming_qty": 0.0, "display_name": "A product"}
    ended = run("inventory", "show", "11", "--json")
    assert ended.code == 1
    assert document(ended) == [
        {
            **{"warehouse": "W1", "in_odoo": 5, "sold_here": 0, "sold_beside": 0, "buffer": 1, "maximum": None},
            **{"should_show": 4, "shows": 0},
        }
    ]
    bench.tiktok.stock["11"] = {"W1": 4}
    assert run("inventory", "show", "11").code == 0
    assert "is not mapped" in one_line(run("inventory", "show", "99"))
