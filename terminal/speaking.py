"""How commands speak: to a service, wherever it is, and to the person who called them; failures in one line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click
from imagegen import Client, ImagegenError
from imagegen.tls import Files, TlsError, channel_credentials
from rich.console import Console
from rich.text import Text

# What is printed is mostly somebody else's text: no markup. Where a program reads along, lines are as long as they are.
out = Console(highlight=False, emoji=False, markup=False, width=None if sys.stdout.isatty() else 1000)


class Failure(click.ClickException):
    """A failure in one line, on standard error."""

    def show(self, file: Any = None) -> None:
        line = Text.assemble(("imagegen: ", "red"), self.format_message())
        Console(stderr=True, highlight=False).print(line, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Way:
    """How to a service."""

    target: str
    key: str | None
    tls: Files | None
    """None for a connection without TLS."""


def speaks(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that speaks to a service takes the options that say which, and gets them as one `way`."""

    @wraps(command)
    def with_way(
        *, target: str, key: str | None, tls: bool, ca: str, certificate: str, certificate_key: str, **others: Any
    ) -> Any:
        if bool(certificate) != bool(certificate_key):
            raise click.UsageError("--certificate and --certificate-key go together.")
        files = Files(certificate, certificate_key, ca, ("--certificate", "--certificate-key", "--ca"))
        return command(way=Way(target, key, files if tls or ca or certificate else None), **others)

    wrapped: Callable[..., Any] = with_way
    for option in reversed(
        (
            click.option(
                "--service",
                "target",
                envvar="IMAGEGEN_SERVICE",
                default="127.0.0.1:50051",
                help="Where the service is.",
            ),
            click.option("--key", envvar="IMAGEGEN_KEY", help="Your key, where one is needed."),
            click.option(
                "--tls", is_flag=True, envvar="IMAGEGEN_TLS", help="Speak TLS, trusting what this system trusts."
            ),
            _file("--ca", "Speak TLS, trusting the authorities in this PEM file alone."),
            _file("--certificate", "Speak TLS and show this certificate (PEM), where the service asks for one."),
            _file("--certificate-key", "The key of that certificate (PEM)."),
        )
    ):
        wrapped = option(wrapped)
    return wrapped


def _file(name: str, told: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    variable = f"IMAGEGEN_{name.removeprefix('--').replace('-', '_').upper()}"
    return click.option(name, envvar=variable, default="", show_default=False, metavar="FILE", help=told)


def speak(work: Callable[[Client], Awaitable[Any]], way: Way) -> Any:
    try:
        credentials = channel_credentials(way.tls) if way.tls else None
    except TlsError as error:
        raise Failure(f"{error.name}: {error}") from None

    async def talk() -> Any:
        async with Client(way.target, key=way.key, credentials=credentials) as client:
            return await work(client)

    try:
        return asyncio.run(talk())
    except ImagegenError as error:
        trusted = ", with a certificate that you trust" if way.tls else ""
        hint = (
            f" Is it running at {way.target}{trusted}? `imagegen up` starts it." if error.name == "unavailable" else ""
        )
        raise Failure(f"{error.message}{hint}") from None
    except BrokenPipeError:
        raise  # whoever read along has seen enough; click ends the program
    except OSError as error:
        raise Failure(f"{error.filename or 'the picture'}: cannot be written: {error.strerror}") from None
    except KeyboardInterrupt:
        raise Failure("stopped") from None


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"{folder}: cannot be written: {error.strerror}") from None
