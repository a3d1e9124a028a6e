"""Writes the dashboard that Grafana imports, imagegen.json, which is too wordy to be kept by hand.

`python -m deploy.grafana.dashboard` makes it anew; a test proves that the committed one is what this file and `panels`
say, that every expression is one that Prometheus takes, and that the gateway has what it names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from deploy.grafana.panels import ROWS, Panel

PAGE = Path(__file__).parent / "imagegen.json"

Json = dict[str, Any]

SOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24

VARIABLES: Sequence[tuple[str, str, str]] = (
    ("job", "Job", 'label_values(up{job=~"imagegen-.+"}, job)'),
    ("instance", "Instance", 'label_values(up{job=~"$job"}, instance)'),
    ("provider", "Provider", "label_values(imagegen_requests_total, provider)"),
    ("model", "Model", 'label_values(imagegen_requests_total{provider=~"$provider"}, model)'),
)


def page() -> str:
    """The file's text."""
    return json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"


def dashboard() -> Json:
    return {
        "title": "imagegen",
        "uid": "imagegen",
        "description": "What docs/operations.md says to watch. Made by deploy/grafana/dashboard.py.",
        "tags": ["imagegen"],
        "schemaVersion": 39,
        "timezone": "browser",
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": list(_variables())},
        "annotations": {"list": [_alerts_as_marks()]},
        "panels": list(_panels()),
    }


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression with its panel's title."""
    for panels in ROWS.values():
        for panel in panels:
            yield from ((panel.title, expr) for expr, _ in panel.asked)


def _variables() -> Iterator[Json]:
    yield {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "current": {}}
    for name, label, query in VARIABLES:
        yield {
            "name": name,
            "label": label,
            "type": "query",
            "datasource": SOURCE,
            "query": {"query": query, "refId": name},
            "definition": query,
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"text": ["All"], "value": ["$__all"]},
        }


def _alerts_as_marks() -> Json:
    return {
        "name": "Alerts",
        "datasource": SOURCE,
        "enable": True,
        "iconColor": "red",
        "expr": 'ALERTS{alertname=~"Imagegen.+",alertstate="firing"}',
        "titleFormat": "{{alertname}}",
    }


def _panels() -> Iterator[Json]:
    number, y = 1, 0
    for title, panels in ROWS.items():
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "panels": [],
            "gridPos": _at(0, y, WIDTH, 1),
        }
        number, y, x = number + 1, y + 1, 0
        height = 4 if all(panel.kind == "stat" for panel in panels) else 8
        for panel in panels:
            if x + panel.width > WIDTH:
                x, y = 0, y + height
            yield {"id": number, "gridPos": _at(x, y, panel.width, height), **_panel(panel)}
            number, x = number + 1, x + panel.width
        y += height


def _at(x: int, y: int, width: int, height: int) -> Json:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(panel: Panel) -> Json:
    targets = [
        {
            "refId": chr(ord("A") + place),
            "datasource": SOURCE,
            "expr": expr,
            "legendFormat": legend or "__auto",
            "instant": panel.kind == "stat",
            "range": panel.kind != "stat",
            **({"format": "heatmap"} if panel.kind == "heatmap" else {}),
        }
        for place, (expr, legend) in enumerate(panel.asked)
    ]
    made: Json = {
        "type": "timeseries" if panel.kind == "stacked" else panel.kind,
        "title": panel.title,
        "description": panel.text,
        "datasource": SOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
    }
    match panel.kind:
        case "stat":
            made["options"] = {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "none"}
        case "heatmap":
            made["options"] = {"yAxis": {"unit": panel.unit}, "color": {"scheme": "Blues"}, "calculate": False}
        case kind:
            stacking = {"stacking": {"mode": "normal"}, "fillOpacity": 40} if kind == "stacked" else {"fillOpacity": 5}
            made["fieldConfig"]["defaults"]["custom"] = stacking
            made["options"] = {"legend": {"displayMode": "list"}, "tooltip": {"mode": "multi", "sort": "desc"}}
    return made


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
