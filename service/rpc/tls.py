"""What gRPC callers are shown before they may speak, and what they have to show: certificates from files, read anew."""

from __future__ import annotations

import time

import grpc
from imagegen.tls import Files, Identity, TlsError, Watch, read

from service.telemetry import log

QUIET, PATIENCE = 0.02, 10.0
"""gRPC frees what it had when it takes what is new, without asking whether a handshake of that moment still uses it,
which ends the process. So the new is handed out when no other handshake has begun for so many seconds; where they
never cease, after the second figure, because an old certificate may end too.
"""

_ALIVE: list[grpc.ServerCredentials] = []
"""gRPC may still ask when the server has gone, and does not hold whom it asks."""

__all__ = ["Files", "TlsError", "Watch", "credentials", "read", "watch"]


def watch(files: Files) -> Watch:
    """Raises TlsError for what cannot be used."""
    return Watch(files, lambda line: log("tls").warning("certificate", of="gRPC", told=line))


def credentials(watched: Watch) -> grpc.ServerCredentials:
    """Each handshake uses what was read last; where authorities are named, callers show a certificate of theirs."""
    made = [_configuration(watched.identity)]
    given, changed, asked = 1, 0.0, 0.0

    def change(identity: Identity) -> None:
        nonlocal changed
        changed = time.monotonic()
        made.append(_configuration(identity))

    def latest() -> grpc.ServerCertificateConfiguration | None:
        """Called by gRPC for each handshake, on threads of its own."""
        nonlocal given, asked
        now = time.monotonic()
        is_quiet, asked = now - asked > QUIET, now
        if given == len(made) or not (is_quiet or now - changed > PATIENCE):
            return None
        given = len(made)
        return made[-1]

    watched.on_change(change)
    credentials = grpc.dynamic_ssl_server_credentials(
        made[0],
        latest,  # pyright: ignore[reportArgumentType] - None says that nothing has changed; its types do not know
        require_client_authentication=bool(watched.identity.pem.authorities),
    )
    _ALIVE.append(credentials)
    return credentials


def _configuration(identity: Identity) -> grpc.ServerCertificateConfiguration:
    pem = identity.pem
    return grpc.ssl_server_certificate_configuration([(pem.key, pem.certificate)], pem.authorities or None)
