"""The report of a request in short, as trailers; the bridge hands them on as headers of the same names."""

from __future__ import annotations

from imagegen.report import summary

from service.domain.event import Report
from service.rpc import codec


def trailers(report: Report) -> tuple[tuple[str, str], ...]:
    return (("x-request-id", report.request_id), *summary(codec.report(report)).items())
