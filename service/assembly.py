"""The only file that names concrete classes: from a configuration to a gateway that can be started."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

from service.access.books import Books
from service.access.doorman import OpenDoorman
from service.config import Config, ConfigError, address, is_loopback
from service.config.file import ConfigFile
from service.config.schema import Limits, Provider
from service.config.units import seconds, size
from service.domain.price import micro_usd
from service.engine.attempt import Attempts
from service.engine.delivery import Delivery
from service.engine.engine import Engine
from service.engine.once import Once
from service.engine.pipeline import Pipeline
from service.engine.rooms import Room
from service.engine.router import Route, RouteCache, Router, Upstream
from service.housekeeping import Housekeeping
from service.liveness import Liveness
from service.providers import prices, registry
from service.providers.base import Adapter
from service.providers.destinations import Allowed
from service.renewal import Renewal
from service.rpc import tls
from service.rpc.files import ImageFiles
from service.rpc.images import ImageGeneration
from service.rpc.info import ServerInfo
from service.rpc.models import Models
from service.rpc.server import Server
from service.rpc.usage import Usage
from service.signing import Signer, own_key
from service.stores import locate
from service.telemetry import Exposition, counting, keep_content


class Gateway:
    """Everything wired together. `start`, then `stop` once."""

    def __init__(self, config: Config, *, shares_ports: bool = False, file: ConfigFile | None = None) -> None:
        """`file` is where the configuration was read from; what changes there is taken up while running."""
        self.config = config
        self._shares_ports = shares_ports
        adapters, router = check(config)
        self.attempts = Attempts()
        self.broken = asyncio.Event()
        """Set when this process must end: its disk cannot be trusted any more."""
        self.records = locate.records(config.stores.records, lambda _: self.broken.set())
        self.signals = locate.signals(config.stores.signals)
        self.books = Books(self.records)
        self.blobs = locate.blobs(config.stores.blobs)
        self._signer = Signer(_signing_keys(config))
        delivery = Delivery(self.blobs, self._signer)
        self.engine = Engine(
            Pipeline(
                router=router,
                adapters=adapters,
                attempts=self.attempts,
                delivery=delivery,
                rooms=_rooms(config, {}),
                record_content=config.telemetry.record_content,
                most_waiting=size(config.engine.most_waiting),
            )
        )
        self.once = Once(self.engine)
        doorman = OpenDoorman(self.books)
        files = _tls_files(config)
        self.server = Server(
            ImageGeneration(self.engine, self.once, doorman),
            Models(self.engine, doorman),
            ImageFiles(self.blobs, self._signer),
            Usage(self.records, doorman, self._signer),
            ServerInfo(config.access.mode),
            shares_ports=shares_ports,
            certificates=tls.watch(files) if files else None,
        )
        self.renewal = Renewal(file, config, self._prepare, self._put_in_force) if file else None
        self._background: list[asyncio.Task[None]] = []
        self.exposition: Exposition | None = None

    @property
    def pipeline(self) -> Pipeline:
        return self.engine.pipeline

    async def start(self, addresses: Sequence[str] = ()) -> list[int]:
        """Listens where the configuration says, or where told; returns the ports."""
        if self.config.telemetry.liveness and not self._shares_ports:  # of several, the one that watches answers
            liveness = Liveness(*address(self.config.telemetry.liveness))
            self._background.append(asyncio.create_task(liveness.run(), name="liveness"))
        if self.config.telemetry.prometheus and not self._shares_ports:
            self.exposition = Exposition(*address(self.config.telemetry.prometheus), counting.METER.registry)
        await self.records.open()
        self._background += Housekeeping(self.books, self.blobs, self.signals).tasks()
        if self.renewal is not None:
            self._background.append(asyncio.create_task(self.renewal.run(), name="configuration"))
        return await self.server.start(addresses or (self.config.service.listen,))

    async def stop_accepting(self) -> None:
        await self.server.stop_accepting()

    async def stop(self, grace: float) -> None:
        """Lets calls finish, then provider calls; what is still running after the grace is recorded as unknown."""
        loop = asyncio.get_running_loop()
        end = loop.time() + grace
        await self.server.stop(grace)
        await self.once.drain(max(0.0, end - loop.time()))
        await self.attempts.drain(max(0.0, end - loop.time()))
        for task in self._background:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self.books.leave()
        await self.records.close()
        await self.signals.close()
        await self.blobs.close()
        await self.engine.close()
        if self.exposition is not None:
            self.exposition.close()

    async def _prepare(self, config: Config) -> Prepared:
        """Does for a changed file all that may fail. Raises ConfigError."""
        now = self.pipeline.adapters
        return await prepared(config, {name: now[name] for name in _as_they_were(self.config, config)})

    def _put_in_force(self, new: Prepared) -> None:
        """In one moment: requests that begin afterwards see all of it."""
        now, config = self.pipeline, new.config
        self.engine.change(
            replace(
                now,
                router=new.router,
                adapters=new.adapters,
                health=now.health.followed(new.kept, now.adapters.keys() - new.kept),
                rooms=_rooms(config, now.rooms),
                record_content=config.telemetry.record_content,
                most_waiting=size(config.engine.most_waiting),
            )
        )
        self._signer.keys = new.signing_keys
        keep_content(config.telemetry.record_content)
        self.config = config


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A changed configuration with all that it needs; nothing of it is in force yet."""

    config: Config
    kept: Set[str]
    """The providers whose adapters go on."""
    adapters: Mapping[str, Adapter]
    router: Router
    signing_keys: Sequence[bytes]


async def rehearse(config: Config) -> None:
    """Finds out whether a running gateway could take it up. Raises ConfigError."""
    await _close((await prepared(config, {})).adapters.values())


async def prepared(config: Config, kept: Mapping[str, Adapter]) -> Prepared:
    """Made ready beside the loop; where that fails, what was made for it is closed. Raises ConfigError."""
    adapters = dict(kept)
    try:
        router = await asyncio.to_thread(_furnished, config, adapters)
        signing_keys = await asyncio.to_thread(_signing_keys, config)
    except BaseException:
        await _close(adapters[name] for name in adapters.keys() - kept.keys())
        raise
    return Prepared(config=config, kept=kept.keys(), adapters=adapters, router=router, signing_keys=signing_keys)


async def _close(adapters: Iterable[Adapter]) -> None:
    """Each of them, whatever goes wrong with the others."""
    await asyncio.gather(*(each.close() for each in adapters), return_exceptions=True)


def check(config: Config) -> tuple[dict[str, Adapter], Router]:
    """What only the whole house knows of a configuration; raises ConfigError for what would not work."""
    _refuse_open_doors(config)
    _refuse_unusable_certificates(config)
    adapters: dict[str, Adapter] = {}
    return adapters, _furnished(config, adapters)


def _furnished(config: Config, adapters: dict[str, Adapter]) -> Router:
    """Adds those adapters that are still to be made; the router to all of them."""
    router = Router(
        _upstreams(config, adapters),
        _routes(config),
        registry.OF_THE_SEED,
        config.engine.after_unknown,
        config.engine.when_caller_leaves == "cancel",
    )
    _refuse_unknown_models(config, router)
    return router


def _refuse_open_doors(config: Config) -> None:
    for path, listen in (("service.listen", config.service.listen), ("bridge.listen", config.bridge.listen)):
        if config.access.mode == "open" and not is_loopback(address(listen)[0]):
            raise ConfigError(
                config.source,
                path,
                f"{listen} can be reached from other machines, and access is open to everyone; listen on 127.0.0.1 "
                "(access by keys comes with a later version)",
            )


def _refuse_unusable_certificates(config: Config) -> None:
    files = _tls_files(config)
    try:
        if files:
            tls.read(files)
    except tls.TlsError as error:
        raise ConfigError(config.source, f"service.tls.{error.name}", str(error)) from None


def _tls_files(config: Config) -> tls.Files | None:
    table = config.service.tls
    if table is None:
        return None
    return tls.Files(table.certificate, table.key, table.client_ca, names=("certificate", "key", "client_ca"))


def _as_they_were(old: Config, new: Config) -> list[str]:
    """The providers whose adapters go on: how often and how many at once they are asked is the engine's affair, and
    where answers may lead is none of those that ask nobody.
    """
    before, after = (
        {name: structs.replace(each, limits=Limits(), retries=0) for name, each in config.providers.items()}
        for config in (old, new)
    )
    same = [name for name in after if after[name] == before.get(name)]
    return same if old.outgoing == new.outgoing else [name for name in same if _is_embedded(name, after[name])]


def _is_embedded(name: str, settings: Provider) -> bool:
    kind = registry.find(settings.kind or name)
    return kind is not None and kind.embedded


def _rooms(config: Config, before: Mapping[str, Room]) -> dict[str, Room]:
    """A room that was made once goes on, with as many places as there are now, so that whoever is inside counts: after
    a time without a limit, and after one without the provider.
    """
    rooms = dict(before)
    for name, each in config.providers.items():
        places, seats = each.limits.concurrent or sys.maxsize, each.limits.queue
        if name in rooms:
            rooms[name].change(places, seats)
        else:
            rooms[name] = Room(name, places, seats, counting.in_line(name))
    return rooms


def _signing_keys(config: Config) -> list[bytes]:
    if config.files.signing_keys:
        return [key.encode() for key in config.files.signing_keys]
    try:
        return [own_key(Path(config.data_dir))]
    except OSError as error:
        why = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        message = f"there are none, and the one in the data directory cannot be used: {why}"
        raise ConfigError(config.source, "files.signing_keys", message) from None


def _upstreams(config: Config, adapters: dict[str, Adapter]) -> dict[str, Upstream]:
    upstreams: dict[str, Upstream] = {}
    allowed = Allowed(config.outgoing.allow)
    for name, settings in config.providers.items():
        kind = settings.kind or name
        found = registry.find(kind)
        if found is None:
            kinds = ", ".join(registry.kinds())
            raise ConfigError(
                config.source, f"providers.{name}.kind", f'there is no kind "{kind}"; this version has: {kinds}'
            )
        if setting := found.foreign(settings):
            raise ConfigError(config.source, f"providers.{name}.{setting}", f'the kind "{kind}" has no such setting')
        own = {
            target.partition("/")[2]: prices.price(table)
            for target, table in config.prices.items()
            if target.partition("/")[0] == name
        }
        adapter = adapters.get(name) or found.make(settings, allowed)
        adapters[name] = adapter
        upstreams[name] = Upstream(
            name=name,
            kind=kind,
            configured=adapter.configured,
            cards=adapter.models,
            prices={**found.priced(settings), **own},
            keys=adapter.keys,
            retries=settings.retries,
        )
    return upstreams


def _routes(config: Config) -> dict[str, Route]:
    return {
        name: Route(
            tuple((entry.target, entry.weight) for entry in model.targets),
            model.fallbacks,
            model.after_unknown,
            model.fallback_on_refusal,
            model.strict,
            RouteCache(seconds(model.cache.ttl), micro_usd(model.cache.price)) if model.cache else None,
        )
        for name, model in config.models.items()
    }


def _refuse_unknown_models(config: Config, router: Router) -> None:
    """A route to a model that its provider does not have fails every request, a price for one is never used."""
    named = [(f"prices.{target}", target) for target in config.prices]
    for name, model in config.models.items():
        named += [(f"models.{name}", target) for target in (*(each.target for each in model.targets), *model.fallbacks)]
    for path, target in named:
        provider, _, wanted = target.partition("/")
        if router.upstreams[provider].card(wanted) is None:
            known = ", ".join(sorted(router.upstreams[provider].cards))
            raise ConfigError(config.source, path, f'{provider} has no model "{wanted}"; it has: {known}')
