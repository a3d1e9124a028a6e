"""The commands that read the books: `usage` sums them up, `logs` tells requests one by one."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from imagegen import Client, v1

from terminal.speaking import Failure, Way, make_folder, out, speak, speaks

STATES = tuple(name.removeprefix("REQUEST_STATE_").lower() for name in v1.RequestState.keys()[1:])
GROUPINGS = tuple(name.removeprefix("USAGE_GROUPING_").lower() for name in v1.UsageGrouping.keys()[1:])
BESIDE_STORY = ("request_id", "output", "as_json", "target", "key", "tls", "ca", "certificate", "certificate_key")
"""What may be said together with --request."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Moment(click.ParamType[Timestamp]):
    """So long ago ("7d", "90m"), or a date with or without a time, in UTC."""

    name = "moment"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Timestamp:
        try:
            moment = _ago(value) or datetime.fromisoformat(value)
        except (ValueError, OverflowError):
            self.fail(f'"{value}" is neither like 7d, 12h, 30m nor a date like 2026-11-01T12:30.', param, ctx)
        stamp = Timestamp()
        stamp.FromDatetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        return stamp


def _ago(text: str) -> datetime | None:
    match = re.fullmatch(r"(\d+)([smhdw])", text)
    return datetime.now(UTC) - timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None


class Groupings(click.ParamType[list[v1.UsageGrouping.ValueType]]):
    """Some of the groupings, with commas between."""

    name = "groupings"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[v1.UsageGrouping.ValueType]:
        words = [word.strip() for word in value.split(",") if word.strip()]
        if unknown := [word for word in words if word not in GROUPINGS]:
            self.fail(f'"{unknown[0]}" is none of {", ".join(GROUPINGS)}.', param, ctx)
        return [v1.UsageGrouping.Value(f"USAGE_GROUPING_{word.upper()}") for word in words]


def _filtered(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(
        (
            click.option("--until", type=Moment(), metavar="WHEN", help="Only requests that began before that."),
            click.option("--model", help="Only requests for this model, as it was asked for."),
            click.option("--provider", help="Only what this provider was asked."),
            click.option("--state", type=click.Choice(STATES), help="Only requests that stand so."),
            click.option("--key-id", help="Only requests with this key."),
            click.option("--team-id", help="Only requests of this team."),
            click.option("--customer-id", help="Only requests of this customer."),
            click.option("--json", "as_json", is_flag=True, help="As JSON, for programs."),
        )
    ):
        command = option(command)
    return command


def _wanted(state: str | None, **others: Any) -> v1.RequestFilter:
    number = v1.RequestState.Value(f"REQUEST_STATE_{state.upper()}") if state else None
    return v1.RequestFilter(state=number, **others)


@click.command()
@click.option("--since", type=Moment(), default="30d", metavar="WHEN", help="From then on: 7d, 12h, 2026-11-01 (UTC).")
@click.option("--by", type=Groupings(), default="", metavar="WHAT", help=f"What to split by: {', '.join(GROUPINGS)}.")
@_filtered
@speaks
def usage(way: Way, by: list[v1.UsageGrouping.ValueType], as_json: bool, **filters: Any) -> None:
    """Say what was asked, what came and what it cost, in sums."""
    from terminal import telling

    answer = speak(lambda client: client.usage(_wanted(**filters), by), way)
    if as_json:
        click.echo(_json(answer, indent=2))
    else:
        telling.usage(out, answer, by)


@click.command()
@click.option("-n", default=50, type=click.IntRange(1, 100_000), help="How many, of the newest.")
@click.option("--request", "request_id", metavar="ID", help="The whole story of this one.")
@click.option("--output", "-o", type=click.Path(path_type=Path, file_okay=False), help="Where its pictures go.")
@click.option("--since", type=Moment(), metavar="WHEN", help="From then on: 7d, 12h, 2026-11-01 (UTC).")
@click.option("--follow", "-f", is_flag=True, help="Go on, with each request as it ends.")
@_filtered
@speaks
def logs(
    way: Way,
    n: int,
    request_id: str | None,
    output: Path | None,
    follow: bool,
    as_json: bool,
    **filters: Any,
) -> None:
    """Tell the requests of the books, the newest last: when, how it ended, for what, by whom, for how much."""
    from terminal import following, telling

    if request_id is not None:
        _refuse_beside_story(click.get_current_context())
        _tell_story(request_id, output, as_json, way)
        return
    if output is not None:
        raise click.UsageError("-o goes with --request: it is for the pictures of one request.")

    def show(each: v1.RecordedRequest) -> None:
        if as_json:
            click.echo(_json(each))
        else:
            telling.line(out, each)

    async def tell(client: Client) -> None:
        wanted = _wanted(**filters)
        if not follow:
            for each in reversed(await following.newest(client, wanted, n)):
                show(each)
            return
        async with aclosing(following.follow(client, wanted, n)) as found:
            async for each in found:
                show(each)

    speak(tell, way)


def _refuse_beside_story(context: click.Context) -> None:
    for each in context.command.params:
        said = context.get_parameter_source(each.name or "") is ParameterSource.COMMANDLINE
        if said and each.name not in BESIDE_STORY:
            raise click.UsageError(f"{each.opts[0]} does not go with --request, which tells of one request only.")


def _tell_story(name: str, output: Path | None, as_json: bool, way: Way) -> None:
    from terminal import telling

    if output is not None:
        make_folder(output)

    async def tell(client: Client) -> None:
        story = await client.request(name)
        if as_json:
            click.echo(_json(story, indent=2))
        else:
            telling.story(out, story)
        if output is not None:
            for image in story.images:
                path = output / _file_name(image.file_id)
                path.write_bytes(await client.read(image))
                out.print(str(path), style="bold", soft_wrap=True)

    speak(tell, way)


def _file_name(file_id: str) -> str:
    """What a server calls a picture, as the name of a file and nothing more: the server may be anybody's."""
    name = file_id.rpartition("/")[2]
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name):
        raise Failure("the server gave a picture a name that no file should have")
    return name


def _json(message: Message, indent: int | None = None) -> str:
    return MessageToJson(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True, indent=indent
    )
