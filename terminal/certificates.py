"""Certificates as the programs' settings name them, and as commands do."""

from __future__ import annotations

import shlex

from imagegen.tls import Files, TlsError, Watch

from rest_bridge import tls
from service.config import Config, ConfigError


def to_clients(config: Config) -> Watch | None:
    """What the bridge shows to its clients; None where it speaks plain HTTP."""
    table = config.bridge.tls
    return _watch(config, "bridge.tls", Files(table.certificate, table.key)) if table else None


def to_service(config: Config) -> Watch | None:
    """How the bridge speaks to the service; None where it does without TLS."""
    table = config.bridge.service_tls
    return _watch(config, "bridge.service_tls", Files(table.certificate, table.key, table.ca)) if table else None


def curl_option(config: Config) -> str:
    """What makes curl trust the bridge at its own address, whoever signed its certificate."""
    table = config.bridge.tls
    return f" --cacert {shlex.quote(table.certificate)}" if table and not config.bridge.public_url else ""


def _watch(config: Config, path: str, files: Files) -> Watch:
    try:
        return tls.watch(files)
    except TlsError as error:
        raise ConfigError(config.source, f"{path}.{error.name}", str(error)) from None
