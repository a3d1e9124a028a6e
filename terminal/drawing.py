"""`imagegen generate`: a picture made before one's eyes."""

from __future__ import annotations

import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

from imagegen import Client, Picture, v1
from imagegen.report import dollars
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from terminal.printing import of_change

ENDINGS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/svg+xml": ".svg",
}


async def generate(
    console: Console, client: Client, prompt: str, output: Path | None, *, model: str, n: int, **parameters: Any
) -> None:
    """Streams the pictures, writes each as it comes, and says what it took."""
    started = time.monotonic()
    written: list[tuple[Path, Picture]] = []
    completed = v1.Completed()
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        tasks = [bar.add_task(_title(prompt, index, n), total=100) for index in range(n)]
        stream = client.stream(prompt, model=model, n=n, **parameters)
        async with aclosing(stream) as events:
            async for event in events:
                match event:
                    case Picture():
                        if event.partial is None:
                            written.append((_write(event, prompt, output, n), event))
                            bar.update(tasks[event.index], completed=100)
                        else:
                            _nudge(bar, tasks[event.index])
                    case v1.Progress():
                        bar.update(tasks[event.image_index], completed=event.percent)
                    case v1.AttemptStarted():
                        for task in tasks:
                            bar.update(task, description=f"{event.provider}/{event.model}")
                    case v1.Completed():
                        completed = event
                    case _:
                        pass
    for path, picture in written:
        size = f"{picture.end.width}x{picture.end.height}"
        console.print(Text.assemble((str(path), "bold"), f"  {size}  {picture.end.size_bytes / 1024:,.0f} KiB"))
    for failed in completed.failed_images:
        console.print(Text.assemble((f"image {failed.index} failed", "red"), f": {failed.message}"))
    report = completed.report
    console.print(f"{report.provider}/{report.model}  {_cost(report)}  {time.monotonic() - started:.1f} s")
    for change in report.changes:
        if change.action != v1.ParameterChange.ACTION_APPLIED:
            console.print(of_change(change), style="dim")


def _cost(report: v1.Report) -> str:
    cost = f"${dollars(report.cost_micro_usd)}" if report.cost_micro_usd else "free"
    if report.origin == v1.ORIGIN_REPEATED:
        return f"repeated ({cost}, the first time)"
    return cost


def _title(prompt: str, index: int, n: int) -> str:
    short = prompt if len(prompt) <= 40 else f"{prompt[:37]}..."
    return short if n == 1 else f"{short} {index + 1}/{n}"


def _nudge(bar: Progress, task: TaskID) -> None:
    """A partial image is progress even where nobody says how much."""
    bar.update(task, completed=max(bar.tasks[task].completed, min(90, bar.tasks[task].completed + 10)))


def _write(picture: Picture, prompt: str, output: Path | None, n: int) -> Path:
    """Where told; else a name made from the prompt that is still free."""
    ending = ENDINGS.get(picture.start.media_type, "")
    if output is not None and n == 1:
        path = output
    elif output is not None:
        path = output.with_stem(f"{output.stem}-{picture.index + 1}")
    else:
        words = "".join(each if each.isalnum() else " " for each in prompt.lower()).split()
        stem = "-".join(words)[:40].rstrip("-") or "picture"
        path = next(
            free for i in range(1, 10_000) if not (free := Path(f"{stem}{f'-{i}' if i > 1 else ''}{ending}")).exists()
        )
    path.write_bytes(picture.data)
    return path
