"""Monitoring's files tell of metrics that there are, its alerts fire on what they promise, and promtool agrees."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.core import Metric
from ruamel.yaml import YAML

from tests.unit.builders import make_shop
from web.metric_families import PREFIX, families
from worker.metrics import ALL
from worker.state.accounts import Account
from worker.state.broker import QUEUES, Broker
from worker.state.dirty_set import Counts
from worker.state.history import Sample
from worker.state.inventory import Reconciled
from worker.state.metrics import parse
from worker.state.problems import Problem
from worker.state.standing import RedisStanding, ShopStanding, Standing
from worker.tiktok.tokens import TokenLife

FOLDER = Path(__file__).parents[2] / "docs/monitoring"
ALERTS = FOLDER / "alerts.yml"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool (Debian's package prometheus) is not installed")


def everything() -> dict[str, Metric]:
    """Every metric that can be told, with labels, by its name."""
    stored = {}
    for metric in ALL:
        labels = "".join(f"|{name}" for name in metric.labels)
        stored |= (
            {f"{metric.name}{labels}|0": "1", f"{metric.name}{labels}|sum": "9"}
            if metric.buckets
            else {f"{metric.name}{labels}": "1"}
        )
    now = datetime.now(UTC)
    standing = Standing(
        at=now.timestamp(),
        shops=[_standing_of_shop()],
        problems=[Problem(scope="odoo", code="odoo_unavailable", message="x", remedy="y")],
        workers={"worker@host": 3.0},
        queues={"orders": 3.0},
        redis=RedisStanding(1, 2, True, False),
        broker=Broker(dict.fromkeys(QUEUES, 0), 0, True),
        measured=parse(stored),
        counters={"webhooks_stored": 1},
    )
    account = Account(id="demo", name="Demo", market="GB", service_id="1", app_key="k", app_secret="s")
    lives = {"demo": TokenLife(now + timedelta(days=1), now + timedelta(days=300))}
    found = families(standing, [account], lives, Sample(at=int(now.timestamp())))
    return {(f"{metric.name}_total" if metric.type == "counter" else metric.name): metric for metric in found}


def _standing_of_shop() -> ShopStanding:
    counts = {name: Counts() for name in ("orders", "stock", "products", "fulfillment")}
    compared = Reconciled(compared=1, drifted=1)
    waits = {"requests": 1, "answer_by": datetime.now(UTC)}
    return ShopStanding(make_shop(), **counts, **waits, skus=3, unmapped=1, last_poll=5, reconciled=compared)


def rules() -> list[dict[str, Any]]:
    document = YAML(typ="safe").load(ALERTS)
    return [rule for group in document["groups"] for rule in group["rules"]]


def expressions() -> Iterator[tuple[str, str]]:
    """Everything in PromQL that the alerts and the dashboard ask, with its place."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    dashboard = json.loads((FOLDER / "grafana-dashboard.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["definition"]


def unknown_in(expression: str) -> list[str]:
    """Metrics and labels in ``expression`` that there are not."""
    there = everything()
    faults = []
    for name, _, selector in re.findall(rf"\b({PREFIX}\w+)(\{{([^}}]*)\}})?", expression):
        metric = there.get(name) or there.get(re.sub(r"_(bucket|sum|count)$", "", name))
        if metric is None:
            faults.append(name)
            continue
        known = {label for sample in metric.samples for label in sample.labels} | {"job"}
        faults += [f"{name}: {label}" for label in re.findall(r"(\w+)\s*[!=]~?", selector) if label not in known]
    return faults


@pytest.mark.parametrize(("place", "expression"), list(expressions()))
def test_alerts_and_dashboard_ask_for_metrics_that_there_are(place: str, expression: str) -> None:
    assert PREFIX in expression
    assert unknown_in(expression) == [], place


def test_a_metric_that_is_none_is_noticed() -> None:
    assert unknown_in(f"rate({PREFIX}orders_exported_total[5m])") == [f"{PREFIX}orders_exported_total"]
    assert unknown_in(f'{PREFIX}orders{{status="x"}}') == [f"{PREFIX}orders: status"]


def test_the_table_of_metrics_is_complete_and_true() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (gauge|counter|histogram) \| ([^|]*)\|", text, re.MULTILINE)
    told = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    assert len(told) == len(rows)
    assert told == {
        name.removeprefix(PREFIX): (
            metric.type,
            {label for sample in metric.samples for label in sample.labels} - {"le"},
        )
        for name, metric in everything().items()
    }


def test_every_alert_has_a_summary_a_severity_and_a_runbook() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) > 10
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning"), rule["alert"]
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}


def test_every_runbook_is_a_heading_of_the_operations_guide() -> None:
    text = (FOLDER.parent / "operations.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for rule in rules():
        document, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert document == "docs/operations.md"
        assert anchor in anchors, rule["alert"]


def test_every_alert_is_tried() -> None:
    tests = (FOLDER / "alerts_test.yml").read_text(encoding="utf-8")
    assert [rule["alert"] for rule in rules() if rule["alert"] not in tests] == []


def test_the_dashboard_can_be_imported_into_any_grafana() -> None:
    dashboard = json.loads((FOLDER / "grafana-dashboard.json").read_text(encoding="utf-8"))
    assert dashboard["id"] is None
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in dashboard["panels"]]
    assert len(set(places)) == len(places)
    assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in dashboard["panels"])


@needs_promtool
@pytest.mark.parametrize(("command", "file"), [("check", "alerts.yml"), ("test", "alerts_test.yml")])
def test_promtool_accepts_the_rules_and_their_tests(command: str, file: str) -> None:
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, command, "rules", file], cwd=FOLDER, capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout


@needs_promtool
def test_promtool_can_read_what_the_dashboard_asks(tmp_path: Path) -> None:
    assert PROMTOOL is not None
    queries = {text.replace("$__rate_interval", "5m").replace("$job", ".*") for _, text in expressions()}
    asked = [
        {"record": f"x:{number}", "expr": text} for number, text in enumerate(queries) if "label_values" not in text
    ]
    document = {"groups": [{"name": "x", "rules": asked}]}
    (tmp_path / "rules.yml").write_text(json.dumps(document), encoding="utf-8")  # JSON is YAML
    done = subprocess.run(
        [PROMTOOL, "check", "rules", "rules.yml"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode == 0, done.stderr
