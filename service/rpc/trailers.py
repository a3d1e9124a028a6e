"""The report of a request in short, as trailers; the bridge hands them on as headers of the same names."""

from __future__ import annotations

from imagegen.report import dollars, plain

from service.domain.event import Report
from service.domain.plan import Action


def trailers(report: Report) -> tuple[tuple[str, str], ...]:
    target = report.step.target if report.step else None
    changed = [f"{each.parameter}:{each.action}" for each in report.changes if each.action is not Action.APPLIED]
    found = {
        "x-request-id": report.request_id,
        "x-imagegen-provider": target.provider if target else "",
        "x-imagegen-model": target.model if target else "",
        "x-imagegen-fallback-index": str(report.fallback_index) if target else "",
        "x-imagegen-upstream-ms": str(round(report.upstream_seconds * 1000)) if target else "",
        "x-imagegen-cost-usd": dollars(report.cost) if target else "",
        "x-imagegen-changes": ", ".join(changed),
    }
    return tuple((name, plain(value)) for name, value in found.items() if value)
