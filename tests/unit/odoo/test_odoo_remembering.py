"""A gateway with a memory: asks once, keeps no empty answer, forgets in time, and never more than it should."""

from __future__ import annotations

import pytest
from odoo_stubs import Gateway

from worker.odoo import remembering
from worker.odoo.gateway import search_read
from worker.odoo.remembering import Remembering


class Countries(Gateway):
    def __init__(self, *known: str) -> None:
        super().__init__()
        self.known = [{"id": number, "code": code} for number, code in enumerate(known, start=1)]
        self.answers["res.country.search_read"] = lambda call: [
            each for each in self.known if each["code"] in call.arguments["domain"][0][2]
        ]


def ask(memory: Remembering, code: str) -> list[int]:
    return [each["id"] for each in search_read(memory, "res.country", [("code", "in", [code])], ["code"])]


def test_the_same_question_is_asked_once() -> None:
    odoo = Countries("GB", "DE")
    memory = Remembering(odoo)
    assert [ask(memory, "GB"), ask(memory, "DE"), ask(memory, "GB"), ask(memory, "DE")] == [[1], [2], [1], [2]]
    assert len(odoo.calls) == 2


def test_what_was_not_there_is_asked_again() -> None:
    odoo = Countries()
    memory = Remembering(odoo)
    assert ask(memory, "GB") == []
    odoo.known = [{"id": 7, "code": "GB"}]
    assert ask(memory, "GB") == [7]


def test_an_answer_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(remembering.time, "monotonic", lambda: now[0])
    odoo = Countries("GB")
    memory = Remembering(odoo, seconds=60)
    ask(memory, "GB")
    odoo.known = [{"id": 7, "code": "GB"}]
    now[0] += 59
    assert ask(memory, "GB") == [1]
    now[0] += 1
    assert ask(memory, "GB") == [7]


def test_who_changes_an_answer_does_not_change_the_memory() -> None:
    memory = Remembering(Countries("GB"))
    question = ("res.country", [("code", "in", ["GB"])], ["code"])
    search_read(memory, *question)[0]["id"] = 99
    assert search_read(memory, *question)[0]["id"] == 1


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "_MOST", 2)
    odoo = Countries("GB", "DE", "FR")
    memory = Remembering(odoo)
    for code in ("GB", "DE", "FR", "GB"):
        ask(memory, code)
    assert len(odoo.calls) == 4
