"""What types cannot say about a configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from service.config import s3, servers
from service.config.complaint import ConfigError
from service.config.outgoing import listed
from service.config.schema import Bridge, Config, Entra, PriceTable, Provider, RouteCache
from service.config.servers import masked
from service.config.units import address, seconds, size
from service.domain.answer import KEPT_SECONDS
from service.domain.plan import CACHE

_NAME = r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
_PORT = "(?::[0-9]{1,5})?"

MOST_DOLLARS = 1_000_000
"""Of a price: more could not be counted."""


def check(config: Config) -> None:
    """Raises for the first problem."""
    for path, problem in _problems(config):
        raise ConfigError(config.source, path, problem)


def _problems(config: Config) -> Iterator[tuple[str, str]]:
    yield from _addresses(config)
    yield from _stores(config)
    yield from _blobs(config)
    if config.bridge.public_url and not _is_http(config.bridge.public_url):
        yield "bridge.public_url", f'expected an http:// or https:// address, got "{masked(config.bridge.public_url)}"'
    if config.telemetry.otlp and not _is_http(config.telemetry.otlp):
        yield "telemetry.otlp", f'expected an http:// or https:// address, got "{masked(config.telemetry.otlp)}"'
    yield from _tls(config)
    yield from _bridge(config.bridge)
    for i, key in enumerate(config.files.signing_keys):
        if len(key) < 16:
            yield f"files.signing_keys[{i}]", "expected at least 16 characters"
    yield from _outgoing(config)
    yield from _duration("drain.grace", config.drain.grace)
    try:
        size(config.engine.most_waiting)
    except ValueError as error:
        yield "engine.most_waiting", str(error)
    for name, provider in config.providers.items():
        yield from _provider(f"providers.{name}", name, provider)
    for name, model in config.models.items():
        if not model.targets:
            yield f"models.{name}.targets", "expected at least one target"
        elif not any(entry.weight for entry in model.targets):
            yield f"models.{name}.targets", "every weight is 0: no target could ever be chosen"
        for i, entry in enumerate(model.targets):
            if entry.weight < 0:
                yield f"models.{name}.targets[{i}].weight", f"expected 0 or more, got {entry.weight}"
            yield from _target(config, f"models.{name}.targets[{i}].target", entry.target)
        for i, target in enumerate(model.fallbacks):
            yield from _target(config, f"models.{name}.fallbacks[{i}]", target)
        if model.cache is not None:
            yield from _cache(f"models.{name}.cache", model.cache)
    for name, table in config.prices.items():
        yield from _target(config, f"prices.{name}", name)
        yield from _price(f"prices.{name}", table)


def _bridge(bridge: Bridge) -> Iterator[tuple[str, str]]:
    if bridge.max_connections < 1:
        yield "bridge.max_connections", f"expected 1 or more, got {bridge.max_connections}"
    for i, host in enumerate(bridge.hosts):
        if not re.fullmatch(_NAME + _PORT, host):
            yield f"bridge.hosts[{i}]", f'expected a name such as "img.example" or "img.example:8443", got "{host}"'
    for i, origin in enumerate(bridge.cors):
        if not re.fullmatch(f"https?://{_NAME}{_PORT}", origin) or origin != origin.lower():
            yield f"bridge.cors[{i}]", f'expected an origin as browsers send it, "https://app.example", got "{origin}"'


def _stores(config: Config) -> Iterator[tuple[str, str]]:
    records, signals = config.stores.records, config.stores.signals
    match records.partition(":")[0]:
        case "postgresql" | "postgres":
            wrong = servers.postgres(records)
        case "sqlite" if records.startswith("sqlite://"):
            wrong = 'write sqlite:FILE: what follows "sqlite:" is the path as it is'
        case "sqlite":
            wrong = "expected a file after sqlite:" if records == "sqlite:" else None
        case _:
            expected = "expected sqlite:FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
            wrong = f"{expected}{_instead(records)}"
    if wrong:
        yield "stores.records", wrong
    match signals.partition(":")[0]:
        case "redis" | "rediss" | "valkey" | "valkeys":
            wrong = servers.valkey(signals)
        case "memory" if signals.startswith("memory:"):
            wrong = None if signals == "memory:" else "expected nothing after memory:"
        case _:
            wrong = f"expected memory:, redis://HOST or valkey://HOST{_instead(signals)}"
    if wrong:
        yield "stores.signals", wrong


def _blobs(config: Config) -> Iterator[tuple[str, str]]:
    if config.stores.blobs.startswith("s3:"):
        if wrong := s3.problem(config.stores.blobs):
            yield "stores.blobs", wrong
        if not config.files.signing_keys:
            needed = "is required where pictures lie in a shared store"
            yield "files.signing_keys", f"{needed}: each server must know the URLs that another one signed"
    elif not config.stores.blobs.startswith("file:"):
        yield "stores.blobs", f"expected file:DIRECTORY or s3://BUCKET/PREFIX{_instead(config.stores.blobs)}"


def _instead(url: str) -> str:
    """As much of what was found as holds no secret: the scheme, where there is one."""
    scheme = re.match("[a-z][a-z0-9+.-]*(?=:)", url)
    return f', got "{scheme[0]}"' if scheme else ""


def _addresses(config: Config) -> Iterator[tuple[str, str]]:
    for path, value in (
        ("service.listen", config.service.listen),
        ("bridge.listen", config.bridge.listen),
        ("telemetry.liveness", config.telemetry.liveness),
        ("telemetry.prometheus", config.telemetry.prometheus),
    ):
        try:
            if value:
                address(value)
        except ValueError as error:
            yield path, str(error)


def _outgoing(config: Config) -> Iterator[tuple[str, str]]:
    for i, entry in enumerate(config.outgoing.allow):
        try:
            listed(entry)
        except ValueError as error:
            yield f"outgoing.allow[{i}]", str(error)


def _tls(config: Config) -> Iterator[tuple[str, str]]:
    """What is in the files is looked at by whoever uses them: not every machine has all of them."""
    for path, table in (("service.tls", config.service.tls), ("bridge.tls", config.bridge.tls)):
        for name in ("certificate", "key") if table else ():
            if not getattr(table, name):
                yield f"{path}.{name}", "expected the path of a PEM file"
    if to_service := config.bridge.service_tls:
        if to_service.certificate and not to_service.key:
            yield "bridge.service_tls.key", "is required beside a certificate"
        if to_service.key and not to_service.certificate:
            yield "bridge.service_tls.certificate", "is required beside a key"


def _duration(path: str, value: str) -> Iterator[tuple[str, str]]:
    try:
        seconds(value)
    except ValueError as error:
        yield path, str(error)


def _patience(path: str, value: str) -> Iterator[tuple[str, str]]:
    wrong = list(_duration(path, value))
    yield from wrong
    if not wrong and not seconds(value):
        yield path, f'expected more than 0, got "{value}"'


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _provider(path: str, name: str, provider: Provider) -> Iterator[tuple[str, str]]:
    if not name or "/" in name:
        yield path, 'a provider\'s name is not empty and has no "/": it is the part before it in "provider/model"'
    if name == CACHE:
        yield path, 'the name "cache" is taken: it stands for answers from the cache'
    if provider.base_url and not _is_http(provider.base_url):
        yield f"{path}.base_url", f'expected an http:// or https:// address, got "{masked(provider.base_url)}"'
    for limit in ("connect", "first_byte", "idle", "total"):
        yield from _patience(f"{path}.timeout.{limit}", getattr(provider.timeout, limit))
    for i, key in enumerate(provider.keys):
        if any(key.name == other.name for other in provider.keys[:i]):
            yield f"{path}.keys[{i}].name", f'there are two keys named "{key.name}": each has a name of its own'
        if key.weight < 1:
            yield f"{path}.keys[{i}].weight", f"expected 1 or more, got {key.weight}"
        if not key.value.isascii() or not key.value.isprintable() or not key.value.strip():
            yield f"{path}.keys[{i}].value", "expected printable ASCII text"

    for name, value in (("concurrent", provider.limits.concurrent), ("queue", provider.limits.queue)):
        if not 0 <= value <= 1_000_000:
            yield f"{path}.limits.{name}", f"expected 0 to 1000000, got {value}"
    if not 0 <= provider.retries <= 10:
        yield f"{path}.retries", f"expected 0 to 10, got {provider.retries}"
    for i, model in enumerate(provider.models):
        if not model.isprintable() or not model.strip():
            yield f"{path}.models[{i}]", "expected a model's name"
    if not re.fullmatch(r"[A-Za-z0-9.-]{0,64}", provider.api_version):
        yield f"{path}.api_version", f'expected a version such as "2025-04-01-preview", got "{provider.api_version}"'
    for deployment in provider.deployments:
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", deployment) or not deployment.strip("."):
            what = "letters, digits, dots, dashes and underscores, at most 64"
            yield f"{path}.deployments", f'a deployment\'s name has {what}, which "{deployment}" is not'
    if provider.entra is not None:
        yield from _entra(f"{path}.entra", provider.entra)
        if provider.keys:
            yield f"{path}.entra", "expected either keys or entra, not both"


def _entra(path: str, entra: Entra) -> Iterator[tuple[str, str]]:
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,128}", entra.tenant) or not entra.tenant.strip("."):
        yield f"{path}.tenant", f'expected a tenant\'s id or domain, got "{entra.tenant}"'
    if not _is_http(entra.authority):
        yield f"{path}.authority", f'expected an http:// or https:// address, got "{masked(entra.authority)}"'
    for name in ("client_id", "client_secret", "scope"):
        value: str = getattr(entra, name)
        if not value.isascii() or not value.isprintable() or not value.strip():
            yield f"{path}.{name}", "expected printable ASCII text"


def _target(config: Config, path: str, target: str) -> Iterator[tuple[str, str]]:
    provider, slash, model = target.partition("/")
    if not slash or not model:
        yield path, f'expected "provider/model", got "{target}"'
    elif provider not in config.providers:
        known = ", ".join(sorted(config.providers))
        yield path, f'there is no provider "{provider}" in this file; it has: {known}'


def _cache(path: str, cache: RouteCache) -> Iterator[tuple[str, str]]:
    try:
        lasts = seconds(cache.ttl)
    except ValueError as error:
        yield f"{path}.ttl", str(error)
    else:
        if not 0 < lasts <= KEPT_SECONDS:
            yield f"{path}.ttl", f'expected more than 0 and at most "24h", got "{cache.ttl}"'
    yield from _amount(f"{path}.price", cache.price)


def _price(path: str, table: PriceTable) -> Iterator[tuple[str, str]]:
    if isinstance(table.per_image, str):
        amounts = {f"{path}.per_image": table.per_image}
    else:
        amounts = {f"{path}.per_image[{i}].price": row.price for i, row in enumerate(table.per_image)}
    if table.per_million_tokens:
        tokens = table.per_million_tokens
        for name in ("text_in", "image_in", "text_out", "image_out"):
            amounts[f"{path}.per_million_tokens.{name}"] = getattr(tokens, name)
    elif not table.per_image:
        yield path, "expected per_image or per_million_tokens"
    for i, row in enumerate(table.per_image if isinstance(table.per_image, tuple) else ()):
        if not re.fullmatch(r"\*|auto|[1-9][0-9]{0,4}x[1-9][0-9]{0,4}", row.size):
            yield f"{path}.per_image[{i}].size", f'expected "*", "auto" or WIDTHxHEIGHT, got "{row.size}"'
    for where, amount in amounts.items():
        yield from _amount(where, amount)


def _amount(path: str, amount: str) -> Iterator[tuple[str, str]]:
    try:
        good = Decimal(amount).is_finite() and 0 <= Decimal(amount) <= MOST_DOLLARS
    except InvalidOperation:
        good = False
    if not good:
        yield path, f'expected dollars as text such as "0.04", at most {MOST_DOLLARS}, got "{amount}"'
