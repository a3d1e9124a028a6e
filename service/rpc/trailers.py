"""The report of a request in short, as trailers; the bridge hands them on as headers of the same names."""

from __future__ import annotations

from imagegen import v1
from imagegen.report import summary


def trailers(report: v1.Report) -> tuple[tuple[str, str], ...]:
    return (("x-request-id", report.request_id), *summary(report).items())
