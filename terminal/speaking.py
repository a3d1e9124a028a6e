"""How commands speak: to a service, wherever it is, and to the person who called them; failures in one line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click
from imagegen import Client, ImagegenError
from rich.console import Console
from rich.text import Text

# What is printed is mostly somebody else's text: no markup. Where a program reads along, lines are as long as they are.
out = Console(highlight=False, emoji=False, markup=False, width=None if sys.stdout.isatty() else 1000)


class Failure(click.ClickException):
    """A failure in one line, on standard error."""

    def show(self, file: Any = None) -> None:
        line = Text.assemble(("imagegen: ", "red"), self.format_message())
        Console(stderr=True, highlight=False).print(line, soft_wrap=True)


def speaks(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--key", envvar="IMAGEGEN_KEY", help="Your key, where one is needed.")(command)
    return click.option(
        "--service", "target", envvar="IMAGEGEN_SERVICE", default="127.0.0.1:50051", help="Where the service is."
    )(command)


def speak(work: Callable[[Client], Awaitable[Any]], target: str, key: str | None) -> Any:
    async def talk() -> Any:
        async with Client(target, key=key) as client:
            return await work(client)

    try:
        return asyncio.run(talk())
    except ImagegenError as error:
        hint = f" Is it running at {target}? `imagegen up` starts it." if error.name == "unavailable" else ""
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
