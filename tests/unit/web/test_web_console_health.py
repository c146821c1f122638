"""The health page: what needs a person, the processes, how long keys live, charts that everybody can read."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from web_stubs import Console, text_of

from tests.unit.builders import SHOP_ID
from tests.unit.conftest import Clock
from worker.errors import RetryableError
from worker.state.broker import QUEUES
from worker.state.cursors import beat
from worker.state.dirty_set import Parked
from worker.state.history import History, Sample
from worker.state.orders import OrderQueue
from worker.state.problems import ODOO, Problems
from worker.state.tokens import TokenStore
from worker.tiktok.models import TokenGrant

PAGE = "/console/health/"


def work(console: Console) -> None:
    """Beat and workers work."""
    console.redis.set("tts-redbeat::lock", "1")
    for queue in QUEUES:
        beat(console.redis, "worker@host", queue)


def authorize(console: Console, days: float) -> None:
    now = datetime.now(UTC)
    grant = TokenGrant(
        access_token="ROW_access",
        access_token_expires_at=now + timedelta(days=5),
        refresh_token="ROW_refresh",
        refresh_token_expires_at=now + timedelta(days=days, minutes=1),
    )
    box = console.desk.parts.accounts._box
    TokenStore(console.redis, box, TokenGrant).save("demo", grant)


def sample(at: float, **values: object) -> Sample:
    return Sample.model_validate({"at": int(at), **values})


def test_when_all_is_well_the_page_says_so(console: Console) -> None:
    work(console)
    text = console.text(PAGE)
    assert "All is well." in text
    assert "beat runs" in text
    assert "worker@host works" in text
    assert "What to do" not in text


def test_a_problem_is_shown_with_its_remedy_and_leads_to_its_page(console: Console) -> None:
    work(console)
    problem = RetryableError("Odoo does not answer.", code="odoo_unavailable", remedy="Start it.")
    Problems(console.redis).report(ODOO, problem, 15)
    queue = OrderQueue(console.redis, SHOP_ID)
    queue.mark(["1"])
    claim = queue.claim(1, 60)
    queue.park(claim, Parked(id="1", code="unknown_sku", message="x"), 60)
    text = console.text(PAGE)
    assert "2 things need a person." in text
    assert "odoo : Odoo does not answer. odoo_unavailable" in text
    assert "What to do: Start it." in text
    assert "1 order is parked." in text


def test_a_beat_and_workers_that_are_away_are_told(console: Console) -> None:
    text = console.text(PAGE)
    assert "No beat runs" in text
    assert "The last heartbeat task was completed never." in text


@pytest.mark.parametrize(
    ("days", "words", "tone"),
    [(200, "ends in 200 days", "good"), (20, "ends in 20 days", "busy"), (3, "ends in 3 days", "bad")],
)
def test_authorizations_tell_how_long_they_live(console: Console, days: float, words: str, tone: str) -> None:
    work(console)
    authorize(console, days)
    page = console.get(PAGE).get_data(as_text=True)
    assert f'<span class="badge {tone}">{words}</span>' in page
    assert ("authorization_ends" in page) is (days < 30)
    assert "ROW_" not in page


def test_the_verdict_is_said_anew_only_when_it_changed(console: Console) -> None:
    """A screen reader would repeat it every ten seconds otherwise."""
    work(console)
    assert 'id="verdict"' not in console.get(f"{PAGE}now?was=All+is+well.").get_data(as_text=True)
    assert 'id="verdict"' in console.get(f"{PAGE}now?was=1+thing+needs+a+person.").get_data(as_text=True)


def test_the_open_page_asks_for_its_parts_by_itself(console: Console) -> None:
    page = console.get(PAGE).get_data(as_text=True)
    for address in re.findall(r'hx-get="([^"]+)"', page):
        assert console.get(address.replace("&amp;", "&")).status_code == 200


def test_charts_have_a_title_a_description_and_a_table(console: Console) -> None:
    work(console)
    now = time.time() // 60 * 60
    for minute in range(5):
        totals = {"imported": 10 * minute}
        History(console.redis).add(
            sample(now - 60 * (4 - minute), lag=minute, totals=totals, queues={"orders": minute})
        )
    answer = console.get(PAGE)
    page = answer.get_data(as_text=True)
    assert page.count('<svg class="chart"') == 6  # none of latency: no order came in
    assert page.count("<title id=") == page.count("<desc id=") == 6
    text = text_of(answer)
    assert "orders imported: 10 a minute" in text
    assert "lag: 4 seconds" in text
    assert "Nothing was measured in this time yet." in text
    assert re.search(r'<th scope="row"><time datetime="[^"]+">\d\d:\d\d</time></th><td class="number">4</td>', page)


def test_a_day_of_samples_is_thinned_out(console: Console) -> None:
    now = time.time() // 60 * 60
    for minute in range(300):
        History(console.redis).add(sample(now - 60 * (299 - minute), lag=minute))
    day = console.get(f"{PAGE}charts?hours=24").get_data(as_text=True)
    path = re.search(r'class="line-1" d="([^"]+)"', day)
    assert path is not None
    assert 100 < len(re.findall("[ML]", path[1])) <= 180
    assert console.get(f"{PAGE}charts?hours=9999").status_code == 200


def test_nothing_on_the_page_needs_inline_script_or_style(console: Console) -> None:
    History(console.redis).add(sample(time.time() - 60))
    History(console.redis).add(sample(time.time()))
    page = console.get(PAGE).get_data(as_text=True)
    assert not re.search(r"<script(?![^>]*src)|\sstyle=|\son\w+=|hx-on", page)


def test_flower_is_linked_only_where_its_address_is_set(console: Console) -> None:
    assert "Flower" not in console.text(PAGE)
    console.desk.parts.settings = console.desk.parts.settings.model_copy(update={"flower_url": "https://x.example/f"})
    assert '<a href="https://x.example/f"' in console.get(PAGE).get_data(as_text=True)


def test_a_viewer_may_look(viewer: Console) -> None:
    assert viewer.get(PAGE).status_code == 200


def test_strangers_see_nothing(console: Console, clock: Clock) -> None:
    for path in (PAGE, f"{PAGE}now", f"{PAGE}charts"):
        assert console.desk.client.get(path).status_code == 303
