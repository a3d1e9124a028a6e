"""Models: every name that may be asked for, and what its model takes; and who serves them."""

from __future__ import annotations

from collections.abc import Iterator

from imagegen import v1

from service.access.doorman import Doorman
from service.engine.engine import Engine
from service.engine.pipeline import Pipeline
from service.engine.router import Router, Upstream
from service.rpc import codec
from service.rpc.interceptors import ServicerContext, arrived


class Models(v1.ModelsServicer):
    def __init__(self, engine: Engine, doorman: Doorman) -> None:
        self._engine = engine
        self._doorman = doorman

    async def ListModels(  # noqa: N802 - the contract's name
        self, request: v1.ListModelsRequest, context: ServicerContext
    ) -> v1.ListModelsResponse:
        await self._doorman.admit(arrived().authorization)
        router = self._engine.pipeline.router
        return v1.ListModelsResponse(models=[_model(name, router) for name in router.names()])

    async def GetModel(  # noqa: N802 - the contract's name
        self, request: v1.GetModelRequest, context: ServicerContext
    ) -> v1.GetModelResponse:
        await self._doorman.admit(arrived().authorization)
        return v1.GetModelResponse(model=_model(request.name, self._engine.pipeline.router))

    async def ListProviders(  # noqa: N802 - the contract's name
        self, request: v1.ListProvidersRequest, context: ServicerContext
    ) -> v1.ListProvidersResponse:
        await self._doorman.admit(arrived().authorization)
        now = self._engine.pipeline
        return v1.ListProvidersResponse(providers=[_provider(each, now) for each in now.router.upstreams.values()])


def _provider(of: Upstream, now: Pipeline) -> v1.Provider:
    return v1.Provider(
        name=of.name,
        kind=of.kind,
        configured=of.configured,
        models=[model for model, card in of.cards.items() if card.listed],
        keys=[v1.ProviderKey(name=key.name, weight=key.weight, models=key.models) for key in of.keys],
        out=list(_outs(of.name, now)),
    )


def _outs(provider: str, now: Pipeline) -> Iterator[v1.OutTarget]:
    """Of the models that the operator or a card names: callers may invent names, and nobody reads those here."""
    known = now.router.models(provider)
    for model, key, why in now.health.outs(provider):
        if model in known:
            yield v1.OutTarget(model=model, key=key, explanation=why)


def _model(name: str, router: Router) -> v1.Model:
    target, *others = router.targets(name)
    model = v1.Model(
        name=name,
        provider=target.provider,
        kind=target.kind,
        targets=[str(each) for each in (target, *others)] if name in router.routes else [],
    )
    upstream = router.upstreams.get(target.provider)
    card = upstream.card(target.model) if upstream else None
    if upstream is None or card is None:
        raise router.unknown(name)
    model.configured = upstream.configured
    model.operations.extend(sorted(card.operations))
    model.parameters.extend(codec.parameter(each, domain) for each, domain in card.parameters.items())
    model.streaming = card.streams
    model.takes_extras = card.extras
    model.max_prompt_characters = card.max_prompt
    return model
