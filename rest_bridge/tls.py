"""Certificates of the bridge: the one that HTTP clients are shown, and the one that the service is."""

from __future__ import annotations

import ssl

import structlog
from imagegen.tls import Files, Watch


def watch(files: Files) -> Watch:
    """Raises TlsError for what cannot be used."""
    return Watch(files, lambda line: structlog.get_logger("tls").warning("certificate", of="REST", told=line))


def serving(watched: Watch) -> ssl.SSLContext:
    """A context to listen with; each handshake is handed to the one that was read last."""
    listening = watched.identity.context
    if listening is None:
        raise ValueError("nothing can be served without a certificate")

    def latest(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, context: ssl.SSLContext) -> None:
        newest = watched.identity.context
        if newest is not None:
            connection.context = newest

    listening.sni_callback = latest  # pyright: ignore[reportAttributeAccessIssue] - typed for None alone
    return listening
