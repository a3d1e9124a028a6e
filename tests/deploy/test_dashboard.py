"""The dashboard of deploy/grafana: fresh, readable for Prometheus, and about metrics that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from deploy.grafana import dashboard
from tests.deploy.promtool import approved
from tests.deploy.test_prometheus import unknown

EXPRESSIONS = list(dashboard.expressions())
_TIMES = {"$__rate_interval": "5m", "$__range": "6h"}


def _as_prometheus_reads_it(expr: str) -> str:
    """The expression after Grafana has put its variables in."""
    for name, value in _TIMES.items():
        expr = expr.replace(name, value)
    return re.sub(r"\$\w+", ".*", expr)


def test_the_dashboard_is_fresh() -> None:
    """The committed file is what its program writes today (`python -m deploy.grafana.dashboard`)."""
    assert dashboard.PAGE.read_text(encoding="utf-8") == dashboard.page()


def test_prometheus_takes_every_expression(tmp_path: Path) -> None:
    """promtool reads each as a rule."""
    rules = [
        {"record": f"panel:{number}", "expr": _as_prometheus_reads_it(expr)}
        for number, (_, expr) in enumerate(EXPRESSIONS)
    ]
    page = tmp_path / "rules.yaml"
    page.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))

    assert f"{len(rules)} rules found" in approved("check", "rules", page)


@pytest.mark.parametrize(
    ("title", "expr"), EXPRESSIONS, ids=[f"{number} {title}" for number, (title, _) in enumerate(EXPRESSIONS)]
)
def test_panels_ask_for_what_there_is(title: str, expr: str) -> None:
    """Each metric and label that a panel names is one of the gateway's."""
    assert not unknown(_as_prometheus_reads_it(expr)), title


def test_variables_ask_for_what_there_is() -> None:
    """The variables' lists come from metrics and labels of the gateway, and every variable that is used exists."""
    for _, _, query in dashboard.VARIABLES:
        inside = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
        assert inside
        assert not unknown(f"sum by ({inside[2]}) ({_as_prometheus_reads_it(inside[1])})")
    used = set(re.findall(r"\$\{?(\w+)", dashboard.page())) - {name.strip("$") for name in _TIMES} - {"__all"}
    assert used == {"datasource", *(name for name, _, _ in dashboard.VARIABLES)}


def test_panels_lie_beside_each_other() -> None:
    """No two panels overlap, and none reaches beyond Grafana's twenty-four columns."""
    taken: set[tuple[int, int]] = set()
    panels = json.loads(dashboard.PAGE.read_text(encoding="utf-8"))["panels"]
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)
