"""Create-if-absent through Odoo's ``load``: tables, conflicts, and bad rows among good ones."""

from __future__ import annotations

from typing import Any

import pytest
from odoo_stubs import LoadingOdoo

from worker.odoo import load as module
from worker.odoo.errors import OdooRejectedError, OdooUnavailableError
from worker.odoo.load import Loaded, Row, create_if_absent, external_id, overwrite, require_all


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds between two attempts, in place of sleeping."""
    made: list[float] = []
    monkeypatch.setattr(module.time, "sleep", made.append)
    return made


def rows(*names: str) -> list[Row]:
    return [Row(name, {"client_order_ref": name}) for name in names]


def test_an_identity_names_its_module_and_holds_one_dot() -> None:
    assert external_id("order", "749", "576") == "tiktok_shop.order_749_576"


def test_lines_follow_their_record_with_its_own_cells_empty() -> None:
    odoo = LoadingOdoo()
    order = Row("x.a", {"ref": "A"}, [{"line/name": "one", "line/qty": "1"}, {"line/name": "two", "line/tax": "5"}])
    create_if_absent(odoo, "sale.order", [order, Row("x.b", {"ref": "B", "note": "n"}, [{"line/name": "three"}])])
    (call,) = odoo.of("sale.order.load")
    assert call.arguments["fields"] == ["id", "ref", "line/name", "line/qty", "line/tax", "note"]
    assert call.arguments["data"] == [
        ["x.a", "A", "one", "1", "", ""],
        ["", "", "two", "", "5", ""],
        ["x.b", "B", "three", "", "", "n"],
    ]


def test_a_record_without_lines_is_one_row() -> None:
    odoo = LoadingOdoo()
    create_if_absent(odoo, "sale.order", [Row("x.a", {"ref": "A"})])
    assert odoo.of("sale.order.load")[0].arguments["data"] == [["x.a", "A"]]


def test_what_exists_is_answered_and_what_does_not_is_created() -> None:
    odoo = LoadingOdoo(existing={"x.b": 7})
    assert create_if_absent(odoo, "sale.order", rows("x.a", "x.b")) == Loaded({"x.a": 1001, "x.b": 7}, {})


def test_nothing_that_exists_is_ever_written_to() -> None:
    odoo = LoadingOdoo()
    create_if_absent(odoo, "sale.order", rows("x.a"), context={"allowed_company_ids": [3], "mode": "init"})
    assert odoo.calls[0].context == {"allowed_company_ids": [3], "mode": "update", "noupdate": True}


def test_overwriting_says_so() -> None:
    odoo = LoadingOdoo(existing={"x.a": 7})
    overwrite(odoo, "sale.order", rows("x.a"))
    assert odoo.calls[0].context == {"mode": "init", "noupdate": True}


def test_nothing_to_load_asks_nobody() -> None:
    odoo = LoadingOdoo()
    assert create_if_absent(odoo, "sale.order", []) == Loaded()
    assert odoo.calls == []


def test_rows_go_in_one_order_so_that_two_workers_do_not_lock_each_other() -> None:
    odoo = LoadingOdoo()
    create_if_absent(odoo, "sale.order", rows("x.c", "x.a", "x.b", "x.a"))
    assert [row[0] for row in odoo.calls[0].arguments["data"]] == ["x.a", "x.b", "x.c"]


def test_a_conflict_of_transactions_is_tried_again_with_the_same_rows(pauses: list[float]) -> None:
    odoo = LoadingOdoo(conflicts=3)
    loaded = create_if_absent(odoo, "sale.order", rows("x.a", "x.b"))
    assert (sorted(loaded.ids), loaded.refused) == (["x.a", "x.b"], {})
    assert [call.arguments["data"] for call in odoo.calls] == [odoo.calls[0].arguments["data"]] * 4
    assert len(pauses) == 3
    assert all(0.1 <= pause <= 1.5 for pause in pauses)
    assert len(set(pauses)) == 3  # spread, so that the same two do not meet again


def test_conflicts_without_end_are_unavailability_and_refuse_no_record() -> None:
    with pytest.raises(OdooUnavailableError, match=r"kept Odoo from storing 2 rows of sale\.order"):
        create_if_absent(LoadingOdoo(conflicts=99), "sale.order", rows("x.a", "x.b"))


@pytest.mark.parametrize(
    "text",
    [
        "deadlock detected\nDETAIL: Process 1 waits",
        "current transaction is aborted, commands ignored",
        "server closed the connection unexpectedly",
        "terminating connection due to administrator command",
    ],
)
def test_a_database_that_restarts_is_no_records_fault(text: str) -> None:
    answers = [{"ids": False, "messages": [{"type": "error", "message": text, "record": 0}]}, {"ids": [5]}]
    odoo = LoadingOdoo()
    odoo.answers["sale.order.load"] = lambda _: answers.pop(0)
    assert create_if_absent(odoo, "sale.order", rows("x.a")).ids == {"x.a": 5}


def test_bad_rows_are_dropped_and_the_rest_is_sent_again() -> None:
    names = [f"x.{number:03}" for number in range(100)]
    odoo = LoadingOdoo(bad={"x.007": "No matching record found\n\nfor users of group Y", "x.050": "Bad date"})
    loaded = create_if_absent(odoo, "sale.order", rows(*names))
    assert loaded.refused == {"x.007": "No matching record found", "x.050": "Bad date"}
    assert set(loaded.ids) == set(names) - {"x.007", "x.050"}
    assert len(odoo.of("sale.order.load")) == 2


def test_the_ids_belong_to_the_rows_that_stayed() -> None:
    odoo = LoadingOdoo(existing={"x.a": 1, "x.c": 3}, bad={"x.b": "no"})
    assert create_if_absent(odoo, "sale.order", rows("x.a", "x.b", "x.c")).ids == {"x.a": 1, "x.c": 3}


def test_a_reason_without_a_record_is_found_by_halving() -> None:
    names = [f"x.{number:02}" for number in range(20)]
    odoo = LoadingOdoo(bad={"x.13": "Something"}, nameless={"x.13"})
    loaded = create_if_absent(odoo, "sale.order", rows(*names))
    assert loaded.refused == {"x.13": "Something"}
    assert set(loaded.ids) == set(names) - {"x.13"}


def test_named_and_nameless_reasons_together_leave_every_good_row() -> None:
    names = [f"x.{number:02}" for number in range(20)]
    odoo = LoadingOdoo(bad={"x.03": "a", "x.13": "b", "x.19": "c"}, nameless={"x.13", "x.19"})
    loaded = create_if_absent(odoo, "sale.order", rows(*names))
    assert loaded.refused == {"x.03": "a", "x.13": "b", "x.19": "c"}
    assert set(loaded.ids) == set(names) - loaded.refused.keys()


def test_odoo_that_stops_after_ten_errors_still_gets_every_good_row() -> None:
    """With many bad rows Odoo tells of the first ones only, and that there are more."""
    names = [f"x.{number:02}" for number in range(40)]
    odoo = LoadingOdoo(bad=dict.fromkeys(names[::2], "bad"))
    answer = odoo.answers["sale.order.load"]

    def stop_early(call: Any) -> Any:
        found = answer(call)
        if len(found["messages"]) > 10:
            found["messages"] = [*found["messages"][:10], {"type": "warning", "message": "Found more than 10 errors"}]
        return found

    odoo.answers["sale.order.load"] = stop_early
    loaded = create_if_absent(odoo, "sale.order", rows(*names))
    assert set(loaded.refused) == set(names[::2])
    assert set(loaded.ids) == set(names[1::2])


def test_a_warning_is_no_refusal() -> None:
    odoo = LoadingOdoo()
    warning = {"type": "warning", "message": "Unused", "record": 0}
    odoo.answers["sale.order.load"] = lambda _: {"ids": [4], "messages": [warning]}
    assert create_if_absent(odoo, "sale.order", rows("x.a")) == Loaded({"x.a": 4}, {})


def test_a_refusal_without_any_reason_is_still_one() -> None:
    odoo = LoadingOdoo()
    odoo.answers["sale.order.load"] = lambda _: {"ids": False, "messages": []}
    assert create_if_absent(odoo, "sale.order", rows("x.a")).refused == {"x.a": "no reason given"}


def test_a_missing_right_is_no_records_fault() -> None:
    odoo = LoadingOdoo(bad={"x.a": "You are not allowed to create"}, may_create=False)
    with pytest.raises(OdooRejectedError) as refused:
        create_if_absent(odoo, "sale.order", rows("x.a"))
    assert refused.value.code == "odoo_rights"


def test_whoever_needs_all_hears_of_the_first_refusal() -> None:
    assert require_all(Loaded({"x.a": 1}), "the warehouse") == {"x.a": 1}
    with pytest.raises(OdooRejectedError, match=r"Odoo refused the warehouse x\.b: no"):
        require_all(Loaded({"x.a": 1}, {"x.b": "no"}), "the warehouse")
