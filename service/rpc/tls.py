"""What gRPC callers are shown before they may speak, and what they have to show: certificates from files, read anew."""

from __future__ import annotations

import grpc
from imagegen.tls import Files, Identity, TlsError, Watch, read

from service.telemetry import log

__all__ = ["Files", "TlsError", "Watch", "credentials", "read", "watch"]


def watch(files: Files) -> Watch:
    """Raises TlsError for what cannot be used."""
    return Watch(files, lambda line: log("tls").warning("certificate", of="gRPC", told=line))


def credentials(watched: Watch) -> grpc.ServerCredentials:
    """Each handshake uses what was read last; where authorities are named, callers show a certificate of theirs."""
    given = watched.identity

    def latest() -> grpc.ServerCertificateConfiguration | None:
        nonlocal given  # called on threads of gRPC's own: at worst two of them hand in the same
        if watched.identity is given:
            return None
        given = watched.identity
        return _configuration(given)

    asks = bool(watched.identity.pem.authorities)
    return grpc.dynamic_ssl_server_credentials(
        _configuration(given),
        latest,  # pyright: ignore[reportArgumentType] - None says that nothing has changed; its types do not know
        require_client_authentication=asks,
    )


def _configuration(identity: Identity) -> grpc.ServerCertificateConfiguration:
    pem = identity.pem
    return grpc.ssl_server_certificate_configuration([(pem.key, pem.certificate)], pem.authorities or None)
