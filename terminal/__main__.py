"""The list of commands."""

from __future__ import annotations

import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import msgspec

from terminal.books import logs, usage
from terminal.speaking import Failure, Way, make_folder, out, speak, speaks

DEFAULT_MODEL = "painter/scene"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(version("imagegen-gateway"), prog_name="imagegen")
def main() -> None:
    """One image API in front of every image model."""


def _configured(command: Callable[..., Any]) -> Callable[..., Any]:
    path = click.Path(path_type=Path, dir_okay=False)
    command = click.option("--config", "path", type=path, help="Configuration file (TOML).")(command)
    return click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Where data lives.")(
        command
    )


def _load(
    path: Path | None, data_dir: Path | None = None, text: bytes | None = None, **listen: str | None
) -> tuple[Any, Any]:
    """The configuration of a file with what the command line says over it; and the file, to look at again.

    Where its `text` was handed over it is not read.
    """
    from service.config import ConfigError, address, defaults
    from service.config.file import ConfigFile
    from service.config.reading import contents

    over = partial(_over, data_dir=data_dir, listen=listen)
    try:
        file = ConfigFile(path, contents(path) if text is None else text, over) if path else None
        config = file.understood(file.text) if file else over(defaults())
        for value in listen.values():
            if value is not None:
                address(value)
    except (ConfigError, ValueError) as error:
        raise Failure(str(error)) from None
    return config, file


def _over(config: Any, data_dir: Path | None, listen: dict[str, str | None]) -> Any:
    """What the command line says, over what the file says."""
    from service.config.schema import Stores

    for section, value in listen.items():
        if value is not None:
            table = msgspec.structs.replace(getattr(config, section), listen=value)
            config = msgspec.structs.replace(config, **{section: table})
    if data_dir is not None:
        stores, usual = config.stores, Stores()
        if stores.records == usual.records:
            stores = msgspec.structs.replace(stores, records=f"sqlite:{data_dir}/imagegen.db")
        if stores.blobs == usual.blobs:
            stores = msgspec.structs.replace(stores, blobs=f"file:{data_dir}/blobs")
        config = msgspec.structs.replace(config, data_dir=data_dir, stores=stores)
    return config


def _hold_back_hangups(path: Path | None) -> None:
    """Until it is known what to do about one: whoever has just changed the file may say so before the start is over."""
    if path is not None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})


def _run(program: Callable[..., Awaitable[None]], config: Any) -> None:
    from rest_bridge.server import BridgeError
    from service.config import ConfigError
    from service.telemetry import set_up_logs
    from terminal.running import run

    set_up_logs(to_terminal=sys.stderr.isatty(), content=config.telemetry.record_content)
    try:
        run(program(config, click.echo))
    except (BridgeError, ConfigError, OSError) as error:
        raise Failure(str(error)) from None


@main.command()
@_configured
@click.option("--rest", metavar="HOST:PORT", help="Where REST listens.")
@click.option("--grpc", metavar="HOST:PORT", help="Where gRPC listens.")
@click.option("--workers", default=1, type=click.IntRange(1, 256), help="How many processes share the work.")
@click.option("--shared", is_flag=True, hidden=True, help="This is one of several workers.")
def up(
    path: Path | None, data_dir: Path | None, rest: str | None, grpc: str | None, workers: int, shared: bool
) -> None:
    """Start service and bridge together."""
    _hold_back_hangups(path)
    from terminal import running
    from terminal.handing import unpacked
    from terminal.workers import Workers

    text = unpacked(sys.stdin.buffer) if shared and path else None
    config, file = _load(path, data_dir, text, bridge=rest, service=grpc)
    if shared or workers == 1:
        _run(partial(running.up, shared=shared, file=file), config)
    else:
        _run(Workers(workers, file, data_dir).run, config)


@main.command()
@_configured
@click.option("--grpc", metavar="HOST:PORT", help="Where gRPC listens.")
def service(path: Path | None, data_dir: Path | None, grpc: str | None) -> None:
    """Start the service alone."""
    _hold_back_hangups(path)
    from terminal import running

    config, file = _load(path, data_dir, service=grpc)
    _run(partial(running.service, file=file), config)


@main.command()
@_configured
@click.option("--rest", metavar="HOST:PORT", help="Where REST listens.")
@click.option("--service", "target", metavar="TARGET", help="Where the service is.")
def bridge(path: Path | None, data_dir: Path | None, rest: str | None, target: str | None) -> None:
    """Start the bridge alone."""
    from terminal import running

    config, _ = _load(path, data_dir, bridge=rest)
    if target is not None:
        config = msgspec.structs.replace(config, bridge=msgspec.structs.replace(config.bridge, service=target))
    _run(running.bridge, config)


def _parameters(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(
        (
            click.option("--model", "-m", default=DEFAULT_MODEL, help="A name, or provider/model."),
            click.option("-n", default=1, type=click.IntRange(1, 10), help="How many images."),
            click.option("--size", help="auto, or WIDTHxHEIGHT."),
            click.option("--aspect-ratio", help="WIDTH:HEIGHT, in place of a size."),
            click.option("--resolution", help="1K, 2K or 4K, where a model has them."),
            click.option("--quality", help="auto, low, medium, high, …"),
            click.option("--style", help="vivid or natural."),
            click.option("--background", help="transparent, opaque or auto."),
            click.option("--format", "output_format", help="png, jpeg, webp, …"),
            click.option("--compression", "output_compression", type=int, help="0 to 100, for jpeg and webp."),
            click.option("--negative", "negative_prompt", help="What shall not be seen."),
            click.option("--seed", type=int, help="The same seed gives the same picture, where a model can."),
            click.option(
                "--strict", is_flag=True, default=None, help="Refuse what a model does not take just as it is asked."
            ),
            click.option("--fallback", "fallbacks", multiple=True, help="A model to try after the first; repeatable."),
            click.option(
                "--output",
                "-o",
                type=click.Path(path_type=Path, dir_okay=False),
                help="Where to write the picture; without --format the ending chooses it.",
            ),
        )
    ):
        command = option(command)
    return command


def _as_named(output: Path | None, parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters, with the format that the ending of `output` asks for where none is named."""
    if output is None or parameters["output_format"] is not None:
        return parameters
    guess = {".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp", ".gif": "gif"}.get(output.suffix.lower())
    return {**parameters, "output_format": guess}


def _filled(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value == "":  # a script whose variable is empty means to be protected, and is told that it is not
        raise click.BadParameter("must not be empty")
    return value


@main.command()
@click.argument("prompt")
@_parameters
@click.option("--idempotency-key", callback=_filled, help="Make it once; under the same key it comes back.")
@click.option("--cache-key", callback=_filled, help="Take what was made so before, if anything was.")
@speaks
def generate(
    prompt: str,
    output: Path | None,
    way: Way,
    idempotency_key: str | None,
    cache_key: str | None,
    **parameters: Any,
) -> None:
    """Make a picture."""
    from imagegen import v1

    from terminal import drawing

    if output is not None:
        make_folder(output.parent)  # before anything is paid for
    asked: dict[str, Any] = {
        **_as_named(output, parameters),
        "idempotency_key": idempotency_key or "",
        "cache": v1.CacheUse(key=cache_key) if cache_key else None,
    }
    speak(lambda client: drawing.generate(out, client, prompt, output, **asked), way)


@main.command()
@speaks
def models(way: Way) -> None:
    """List the models that may be asked for."""
    from terminal import printing

    printing.models(out, speak(lambda client: client.models(), way))


@main.command()
@speaks
def providers(way: Way) -> None:
    """List the providers, their keys, and what is asked last for the time being."""
    from terminal import printing

    printing.providers(out, speak(lambda client: client.providers(), way))


@main.command()
@click.argument("prompt")
@_parameters
@speaks
def plan(prompt: str, output: Path | None, way: Way, **parameters: Any) -> None:
    """Show what `generate` would do, and at most cost, without doing it."""
    from terminal import printing

    asked = _as_named(output, parameters)
    printing.plan(out, speak(lambda client: client.plan(prompt, stream=True, **asked), way))


main.add_command(usage)
main.add_command(logs)


@main.group()
def config() -> None:
    """Look at the configuration."""


@config.command()
@_configured
def check(path: Path | None, data_dir: Path | None) -> None:
    """Say whether a configuration can be used."""
    from service.assembly import check as check_assembly
    from service.config import ConfigError
    from terminal.certificates import to_clients, to_service

    loaded, _ = _load(path, data_dir)
    try:
        check_assembly(loaded)
        to_clients(loaded)
        to_service(loaded)
    except ConfigError as error:
        raise Failure(str(error)) from None
    out.print(f"{loaded.source}: good", highlight=False)


@config.command()
@_configured
def show(path: Path | None, data_dir: Path | None) -> None:
    """Print the configuration in force, secrets as dots."""
    from terminal import printing

    printing.config(out, _load(path, data_dir)[0])


if __name__ == "__main__":
    main()
