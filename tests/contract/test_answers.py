"""What the service says: every field of every answer is filled by somebody, with what belongs there.

The engine is a script here; the server, the codec and the wire are the real ones.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from hashlib import sha256
from importlib import import_module
from pathlib import Path

import grpc.aio
import pytest
from google.protobuf.any_pb2 import Any
from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.message import Message
from google.rpc import status_pb2  # pyright: ignore[reportMissingTypeStubs] - it ships none
from imagegen import ImagegenError, v1
from imagegen.errors import DETAILS_KEY, translated

from service.domain import event as events
from service.errors import ProviderError, Reason
from service.rpc.usage_codec import GROUPINGS
from service.stores.blobs.port import Shelf
from tests.contract import books
from tests.contract import specimens as some
from tests.contract.reflection import reachable, said
from tests.contract.scripted import CARD, Spoken, spoken_to
from tests.contract.sources import sources


@pytest.fixture
async def there(tmp_path: Path) -> AsyncGenerator[Spoken]:
    async with spoken_to(tmp_path) as spoken:
        yield spoken


async def whole(there: Spoken) -> v1.GenerateImagesResponse:
    return await v1.ImageGenerationStub(there.channel).GenerateImages(v1.GenerateImagesRequest(max_inline_bytes=99))


async def streamed(there: Spoken) -> list[v1.StreamGenerateImagesResponse]:
    call = v1.ImageGenerationStub(there.channel).StreamGenerateImages(v1.StreamGenerateImagesRequest())
    return [message async for message in call]


async def files(there: Spoken) -> list[v1.ReadFileResponse]:
    await there.blobs.put(Shelf.RESULTS, some.FILE.file_id, some.BYTES)
    ref = there.signer.sign(some.FILE.file_id, 4_000_000_000)
    asking = v1.ReadFileRequest(file_id=ref.file_id, key_id=ref.key_id, signature=ref.signature)
    asking.expire_time.seconds = ref.expires
    return [message async for message in v1.ImageFilesStub(there.channel).ReadFile(asking)]


async def test_answer_is_whole(there: Spoken) -> None:
    """The unary answer says everything that the engine said, and hands on how much may come inline."""
    answer = await whole(there)

    assert answer == v1.GenerateImagesResponse(
        create_time=some.COMPLETED_MESSAGE.create_time,
        images=[some.image_message(file=some.FILE_MESSAGE), some.image_message(data=some.BYTES)],
        failed_images=[some.FAILED_MESSAGE],
        traits=some.TRAITS_MESSAGE,
        usage=some.USAGE_MESSAGE,
        report=some.REPORT_MESSAGE,
        response_format="b64_json",
    )
    assert there.engine.around[0].inline_limit == 99


async def test_stream_is_whole(there: Spoken) -> None:
    """The stream says everything that the engine said, in its order, and each picture as start, chunk and end."""
    size, digest = len(some.BYTES), sha256(some.BYTES).hexdigest()
    start = v1.ImageStart(image_index=1, media_type="image/webp", size_bytes=size, traits=some.TRAITS_MESSAGE)
    chunk = v1.ImageChunk(data=some.BYTES)
    end = v1.ImageEnd(
        size_bytes=size,
        sha256=digest,
        width=640,
        height=480,
        seed=-42,
        revised_prompt="a tall lighthouse",
        usage=some.USAGE_MESSAGE,
    )
    preview = v1.ImageStart(
        image_index=2,
        partial_index=1,
        media_type="image/png",
        size_bytes=len(some.PREVIEW),
        traits=some.TRAITS_MESSAGE,
    )
    previewed = v1.ImageEnd(
        size_bytes=len(some.PREVIEW), sha256=sha256(some.PREVIEW).hexdigest(), width=320, height=240
    )
    one = v1.StreamGenerateImagesResponse
    picture = [one(image_start=start), one(image_chunk=chunk), one(image_end=end)]
    asked = v1.AttemptStarted(number=4, step=1, provider="south", kind="painter", model="scene")

    assert await streamed(there) == [
        one(planned=v1.Planned(steps=[some.STEP_MESSAGE], skipped=[some.SKIPPED_MESSAGE])),
        one(recalled=v1.Recalled(report=some.REPORT_MESSAGE)),
        one(attempt_started=asked),
        one(progress=v1.Progress(image_index=2, percent=62.5, phase="painting")),
        one(image_start=preview),
        one(image_chunk=v1.ImageChunk(data=some.PREVIEW)),
        one(image_end=previewed),
        *picture,
        *picture,
        one(attempt_ended=v1.AttemptEnded(attempt=some.ATTEMPT_MESSAGES[1])),
        one(image_failed=some.FAILED_MESSAGE),
        one(completed=some.COMPLETED_MESSAGE),
    ]


async def test_plan_is_whole(there: Spoken) -> None:
    """The plan says every step, what was left out, and what the dearest costs."""
    assert await v1.ImageGenerationStub(there.channel).PlanImages(v1.PlanImagesRequest()) == some.PLAN_MESSAGE


def failure() -> ProviderError:
    """A failure of which everything is known."""
    error = ProviderError(
        Reason.PROVIDER_RATE_LIMITED, "Later.", events.Outcome.REJECTED, status=429, field="model", retry_after=2.5
    )
    error.report = some.REPORT
    return error


@pytest.mark.parametrize("call", [whole, streamed], ids=["unary", "stream"])
async def test_failure_is_whole(there: Spoken, call: Callable[[Spoken], Awaitable[object]]) -> None:
    """A failure says its reason, its sentence, the field, when to come back, who said so, and what was done."""
    there.engine.script[:] = [failure()]

    with pytest.raises(ImagegenError) as failed, translated():
        await call(there)
    told = failed.value
    assert (told.reason, told.message, told.field) == (v1.REASON_PROVIDER_RATE_LIMITED, "Later.", "model")
    assert (told.retry_after, told.from_provider, told.report) == (2.5, True, some.REPORT_MESSAGE)


async def test_every_field_of_a_failure_is_filled(there: Spoken) -> None:
    """Of our detail of a failed call each field is set."""
    there.engine.script[:] = [failure()]

    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await whole(there)
    detail = v1.ErrorDetail()
    (wire,) = (value for key, value in failed.value.trailing_metadata() or () if key == DETAILS_KEY)
    assert isinstance(wire, bytes)
    packed: Sequence[Any] = status_pb2.Status.FromString(wire).details
    assert any(each.Unpack(detail) for each in packed)
    assert reachable(v1.ErrorDetail.DESCRIPTOR) - said(detail) == set()


async def test_a_model_says_what_it_takes(there: Spoken) -> None:
    """Each kind of bounds as it is meant: whole numbers to their last digit, fractions, words and their synonyms."""
    model = await v1.ModelsStub(there.channel).GetModel(v1.GetModelRequest(name="pictures"))

    takes = {each.name: each for each in model.model.parameters}
    assert list(takes) == [*CARD.parameters]
    assert takes["n"].integer == v1.IntegerRange(low=1, high=10)
    assert takes["seed"].integer == v1.IntegerRange(low=-(2**63), high=2**63 - 1)
    assert takes["guidance"].range == v1.NumberRange(low=0.5, high=9.5)
    assert takes["quality"].choice == v1.Choice(values=["low", "high"], understood={"hd": "high"})
    assert takes["negative_prompt"].text == v1.FreeText()


async def test_every_field_is_filled_by_somebody(there: Spoken) -> None:
    """Of every answer of every method each field is set in at least one of these: none is promised and never kept."""
    models = await v1.ModelsStub(there.channel).ListModels(v1.ListModelsRequest())
    model = await v1.ModelsStub(there.channel).GetModel(v1.GetModelRequest(name="pictures"))
    providers = await v1.ModelsStub(there.channel).ListProviders(v1.ListProvidersRequest())
    info = await v1.ServerInfoStub(there.channel).GetServerInfo(v1.GetServerInfoRequest())
    plan = await v1.ImageGenerationStub(there.channel).PlanImages(v1.PlanImagesRequest())
    there.records.at_once(books.entries)
    listed = await v1.UsageStub(there.channel).ListRequests(v1.ListRequestsRequest(page_size=1))
    over = await v1.UsageStub(there.channel).ListRequests(v1.ListRequestsRequest(page_token=listed.next_page_token))
    told = await v1.UsageStub(there.channel).GetRequest(v1.GetRequestRequest(id=books.FIRST))
    summed = await v1.UsageStub(there.channel).SumUsage(v1.SumUsageRequest(group_by=list(GROUPINGS)))
    stream, parts = await streamed(there), await files(there)
    there.engine.script[3:3] = [_in_chunks()]
    answers: list[Message] = [await whole(there), *stream, *await streamed(there), *parts, models, model, info, plan]
    answers += [providers, listed, over, told, summed]
    set_by_somebody = set[str]().union(*map(said, answers))

    promised = set[str]().union(*map(reachable, _responses()))
    assert len(promised) > 100
    assert promised - set_by_somebody == set()


def _in_chunks() -> events.ImageReady:
    """A picture too large for one message: its second chunk has an offset."""
    picture = some.Picture(data=bytes(2_000_000), media_type="image/png")
    return events.ImageReady(some.Image(index=0, picture=picture))


def _responses() -> Iterator[Descriptor]:
    """What each method of the contract answers with."""
    for source in sources():
        file: FileDescriptor = import_module(f"imagegen.v1.{source.name.removesuffix('.proto')}_pb2").DESCRIPTOR
        for service in file.services_by_name.values():
            yield from (method.output_type for method in service.methods)
