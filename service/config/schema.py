"""The tables of the file, with their defaults. What types cannot say is in `checks`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec


class Secret(str):
    """Text that prints as dots."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'••••'"

    def __str__(self) -> str:
        return "••••"

    def reveal(self) -> str:
        return str.__str__(self)


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file; a name that is not listed is a mistake."""


class ServiceTls(Table, frozen=True):
    certificate: str
    key: str
    client_ca: str = ""


class Service(Table, frozen=True):
    listen: str = "127.0.0.1:50051"
    tls: ServiceTls | None = None


class BridgeTls(Table, frozen=True):
    certificate: str
    key: str


class ToServiceTls(Table, frozen=True):
    """How the bridge reaches a service that speaks TLS."""

    ca: str = ""
    certificate: str = ""
    key: str = ""


class Bridge(Table, frozen=True):
    listen: str = "127.0.0.1:8080"
    service: str = "127.0.0.1:50051"
    public_url: str = ""
    tls: BridgeTls | None = None
    service_tls: ToServiceTls | None = None
    max_connections: int = 16_384
    hosts: tuple[str, ...] = ()
    cors: tuple[str, ...] = ()


class Access(Table, frozen=True):
    mode: Literal["open"] = "open"


class Stores(Table, frozen=True):
    records: str = "sqlite:var/imagegen.db"
    signals: str = "memory:"
    blobs: str = "file:var/blobs"


AfterUnknown = Literal["fallback", "fail"]


class Engine(Table, frozen=True):
    after_unknown: AfterUnknown = "fallback"
    when_caller_leaves: Literal["cancel", "finish"] = "cancel"
    most_waiting: str = "1GiB"


class Key(Table, frozen=True):
    value: Secret
    name: str = "main"
    weight: int = 1
    models: tuple[str, ...] = ("*",)


class Timeout(Table, frozen=True):
    connect: str = "5s"
    first_byte: str = "240s"
    idle: str = "120s"
    total: str = "300s"


class Limits(Table, frozen=True):
    concurrent: int = 0
    queue: int = 1000


class Entra(Table, frozen=True):
    """An application that may ask Microsoft Entra for tokens."""

    tenant: str
    client_id: str
    client_secret: Secret
    authority: str = "https://login.microsoftonline.com"
    scope: str = "https://cognitiveservices.azure.com/.default"


class Provider(Table, frozen=True):
    kind: str = ""
    base_url: str = ""
    keys: tuple[Key, ...] = ()
    timeout: Timeout = Timeout()
    retries: int = 1
    limits: Limits = Limits()
    ours: bool = False
    # What some kinds alone have: each kind says which (SETTINGS in its package).
    models: tuple[str, ...] = ()
    api_version: str = ""
    form: Literal["classic", "v1"] = "classic"
    deployments: dict[str, str] = {}
    entra: Entra | None = None


class WeightedTarget(Table, frozen=True):
    target: str
    weight: int = 1


class RouteCache(Table, frozen=True):
    ttl: str = "5m"
    price: str = "0"


class Model(Table, frozen=True):
    targets: tuple[WeightedTarget, ...]
    fallbacks: tuple[str, ...] = ()
    after_unknown: AfterUnknown | None = None
    fallback_on_refusal: bool = False
    strict: bool = False
    cache: RouteCache | None = None


class PriceByTokens(Table, frozen=True):
    text_in: str = "0"
    image_in: str = "0"
    text_out: str = "0"
    image_out: str = "0"


class PriceRow(Table, frozen=True):
    price: str
    size: str = "*"
    quality: str = "*"


class PriceTable(Table, frozen=True):
    per_image: str | tuple[PriceRow, ...] = ()
    per_million_tokens: PriceByTokens | None = None
    as_of: str = ""


class Files(Table, frozen=True):
    signing_keys: tuple[Secret, ...] = ()


class Telemetry(Table, frozen=True):
    liveness: str = ""
    otlp: str = ""
    prometheus: str = ""
    record_content: bool = False


class Outgoing(Table, frozen=True):
    allow: tuple[str, ...] = ()


class Drain(Table, frozen=True):
    grace: str = "30s"


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force."""

    source: str = "the built-in defaults"
    service: Service = Service()
    bridge: Bridge = Bridge()
    access: Access = Access()
    stores: Stores = Stores()
    engine: Engine = Engine()
    providers: dict[str, Provider]
    models: dict[str, Model]
    prices: dict[str, PriceTable]
    files: Files = Files()
    telemetry: Telemetry = Telemetry()
    outgoing: Outgoing = Outgoing()
    drain: Drain = Drain()
    data_dir: Path = Path("var")
