"""The rules and alerts of deploy/prometheus: promtool takes them, each alert fires when it should and only then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from imagegen import v1

from tests.clients.toolchain import PROJECT
from tests.deploy.metrics import known
from tests.deploy.promtool import RULES, approved, promtool
from tests.deploy.queries import Query, alternatives

CASES = ("alerts_test.yaml", "alerts_day_test.yaml")

CALLERS = frozenset(
    {
        *("invalid_request", "missing_parameter", "invalid_parameter", "not_supported", "unsupported_operation"),
        *("model_not_found", "provider_not_configured", "not_found", "method_not_allowed", "payload_too_large"),
        *("unsupported_media_type", "signature_invalid", "url_expired", "content_refused", "provider_rejected"),
        "idempotency_key_reused",
        *("invalid_key", "key_blocked", "capability_required", "provider_blocked", "model_blocked", "rate_limited"),
        *("budget_exceeded", "model_not_priced", "cancelled"),
    }
)
"""Reasons that wake nobody: the caller's doing, or what the operator wanted."""


def _rules(file: str) -> list[dict[str, Any]]:
    groups = cast(dict[str, Any], yaml.safe_load((RULES / file).read_text(encoding="utf-8")))["groups"]
    return [rule for group in groups for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in _rules("alerts.yaml")}
RECORDED = {rule["record"]: rule for rule in _rules("rules.yaml")}


def _cases() -> Iterator[dict[str, Any]]:
    for file in CASES:
        yield from cast(dict[str, Any], yaml.safe_load((RULES / file).read_text(encoding="utf-8")))["tests"]


def _expected(case: dict[str, Any]) -> set[str]:
    """The alerts that a case expects at some time or other."""
    labels = (sample["labels"] for asked in case["promql_expr_test"] for sample in asked["exp_samples"])
    return {text.removeprefix('{alertname="').removesuffix('"}') for text in labels}


def test_promtool_takes_the_example_and_all_its_rules() -> None:
    """`promtool check config` and `check rules`, its lints being failures."""
    assert "SUCCESS" in approved("check", "config", "prometheus.yaml")
    said = approved("check", "rules", "--lint-fatal", "rules.yaml", "alerts.yaml")
    assert f"{len(RECORDED)} rules found" in said
    assert f"{len(ALERTS)} rules found" in said


@pytest.mark.parametrize("cases", CASES)
def test_alerts_fire_when_they_should(cases: str) -> None:
    """`promtool test rules`: what fires in each case is what the case says, and nothing else."""
    assert "SUCCESS" in approved("test", "rules", cases)


def test_a_changed_threshold_is_noticed(tmp_path: Path) -> None:
    """The cases can fail: an alert whose condition was turned round is found by them."""
    for file in ("rules.yaml", "alerts.yaml"):
        text = (RULES / file).read_text(encoding="utf-8")
        (tmp_path / file).write_text(text.replace("process_max_fds > 0.8", "process_max_fds > 0.7"))
    case = next(each for each in _cases() if each["name"].startswith("ImagegenDescriptorsNearLimit, not"))
    whole = {"rule_files": ["rules.yaml", "alerts.yaml"], "evaluation_interval": "1m", "tests": [case]}
    (tmp_path / "cases.yaml").write_text(yaml.safe_dump(whole))

    ended = promtool("test", "rules", tmp_path / "cases.yaml")
    assert ended.returncode != 0
    assert "ImagegenDescriptorsNearLimit" in ended.stdout + ended.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_a_case_for_and_one_against(alert: str) -> None:
    """One case in which it fires, named after it, and one close to that in which it does not."""
    for_it = [case for case in _cases() if case["name"].startswith(f"{alert}: ")]
    against = [case for case in _cases() if case["name"].startswith(f"{alert}, not: ")]

    assert [_expected(case) for case in for_it] == [{alert}]
    assert [_expected(case) for case in against] == [set()]
    assert against[0]["input_series"], "it does not fire for want of anything to fire on"


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_says_what_to_do(alert: str) -> None:
    """How long, how bad, what, more of it, and the section of the page that says what to do."""
    rule = ALERTS[alert]
    assert rule["for"]
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/operations.md#{alert.lower()}"


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    """docs/operations.md speaks of these alerts, and of no others."""
    page = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    sections = [line.removeprefix("### ") for line in page.splitlines() if line.startswith("### Imagegen")]

    assert sorted(sections) == sorted(ALERTS)


@pytest.mark.parametrize("rule", [*RECORDED.values(), *ALERTS.values()], ids=[*RECORDED, *ALERTS])
def test_rules_ask_for_what_there_is(rule: dict[str, Any]) -> None:
    """Each metric and label that a rule names is one of the gateway's, or of another rule."""
    assert not unknown(rule["expr"])


def unknown(expr: str) -> list[str]:
    """What an expression names and nobody tells."""
    metrics = known() | {name: frozenset(Query(rule["expr"]).grouped) for name, rule in RECORDED.items()}
    query = Query(expr)
    assert query.selectors, expr
    asked = [each.metric for each in query.selectors]
    labels = {label for name in asked for label in metrics.get(name, ())}
    bad = [name for name in asked if name not in metrics]
    bad += [
        f"{each.metric}{{{name}}}"
        for each in query.selectors
        for name in each.matched
        if name not in metrics.get(each.metric, ())
    ]
    return [*bad, *(f"by {name}" for name in query.grouped - labels)]


@pytest.mark.parametrize(
    ("expr", "wrong"),
    [
        ("rate(imagegen_request_total[5m])", ["imagegen_request_total"]),
        ('imagegen_cost_usd_total{provider_name="x"}', ["imagegen_cost_usd_total{provider_name}"]),
        ("sum by (key) (imagegen_cost_usd_total)", ["by key"]),
        ("sum by (job) (job:imagegen_cost:increase1h)", ["job:imagegen_cost:increase1h", "by job"]),
    ],
)
def test_a_wrong_name_is_found(expr: str, wrong: list[str]) -> None:
    """The reading of expressions finds metrics, matched labels and grouping labels that do not exist."""
    assert unknown(expr) == wrong


def test_every_reason_is_somebodys() -> None:
    """A failed request counts against the gateway, or its reason is on the list above: a new reason must be decided."""
    reasons = {name.removeprefix("REASON_").lower() for name in v1.Reason.keys()[1:]}
    (ours,) = (
        each.matched["reason"] for each in Query(RECORDED["job:imagegen_requests_failed:increase15m"]["expr"]).selectors
    )

    assert set(alternatives(ours)) | CALLERS == reasons
    assert not set(alternatives(ours)) & CALLERS


@pytest.mark.parametrize("rule", [*RECORDED.values(), *ALERTS.values()], ids=[*RECORDED, *ALERTS])
def test_rules_compare_with_words_that_there_are(rule: dict[str, Any]) -> None:
    """Reasons, outcomes and jobs in matchers are those that the gateway, its guard and the example know."""
    words = {
        "reason": {name.removeprefix("REASON_").lower() for name in v1.Reason.keys()[1:]},
        "outcome": {"done", "partial", "failed", "left", "rejected", "unknown", "not_sent"},
        "job": {"imagegen-bridge", "imagegen-service"},
        "presumed": {"true", "false"},
    }
    for each in Query(rule["expr"]).selectors:
        known_here = words | {"reason": {"connections"}} if "imagegen_refused" in each.metric else words
        for label in known_here.keys() & each.matched.keys():
            assert set(alternatives(each.matched[label])) <= known_here[label]
