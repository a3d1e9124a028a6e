"""Whether a place for blobs can be used: the operator hears once that it cannot and why, and once that it can again."""

from __future__ import annotations

from service.telemetry import log


class Outage:
    def __init__(self, place: str) -> None:
        self._place = place
        self._heard = ""

    def goes_on(self, error: str) -> None:
        if error != self._heard:
            self._heard = error
            log("blobs").error("blobs unreachable", place=self._place, error=error)

    def is_over(self) -> None:
        if self._heard:
            self._heard = ""
            log("blobs").info("blobs are back", place=self._place)
