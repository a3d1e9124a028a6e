"""Models: every name that may be asked for, and what its model takes; and who serves them."""

from __future__ import annotations

from collections.abc import Iterator

from imagegen import v1

from service.access.doorman import Doorman
from service.engine.health import Health
from service.engine.router import Router, Upstream
from service.rpc import codec
from service.rpc.interceptors import ServicerContext, arrived


class Models(v1.ModelsServicer):
    def __init__(self, router: Router, health: Health, doorman: Doorman) -> None:
        self._router = router
        self._health = health
        self._doorman = doorman

    async def ListModels(  # noqa: N802 - the contract's name
        self, request: v1.ListModelsRequest, context: ServicerContext
    ) -> v1.ListModelsResponse:
        await self._doorman.admit(arrived().authorization)
        return v1.ListModelsResponse(models=[self._model(name) for name in self._router.names()])

    async def GetModel(  # noqa: N802 - the contract's name
        self, request: v1.GetModelRequest, context: ServicerContext
    ) -> v1.GetModelResponse:
        await self._doorman.admit(arrived().authorization)
        return v1.GetModelResponse(model=self._model(request.name))

    async def ListProviders(  # noqa: N802 - the contract's name
        self, request: v1.ListProvidersRequest, context: ServicerContext
    ) -> v1.ListProvidersResponse:
        await self._doorman.admit(arrived().authorization)
        return v1.ListProvidersResponse(providers=[self._provider(each) for each in self._router.upstreams.values()])

    def _provider(self, of: Upstream) -> v1.Provider:
        return v1.Provider(
            name=of.name,
            kind=of.kind,
            configured=of.configured,
            models=[model for model, card in of.cards.items() if card.listed],
            keys=[v1.ProviderKey(name=key.name, weight=key.weight, models=key.models) for key in of.keys],
            out=list(self._outs(of.name)),
        )

    def _outs(self, provider: str) -> Iterator[v1.OutTarget]:
        """Of the models that the operator or a card names: callers may invent names, and nobody reads those here."""
        known = self._router.models(provider)
        for model, key, why in self._health.outs(provider):
            if model in known:
                yield v1.OutTarget(model=model, key=key, explanation=why)

    def _model(self, name: str) -> v1.Model:
        target, *others = self._router.targets(name)
        model = v1.Model(
            name=name,
            provider=target.provider,
            kind=target.kind,
            targets=[str(each) for each in (target, *others)] if name in self._router.routes else [],
        )
        upstream = self._router.upstreams.get(target.provider)
        card = upstream.card(target.model) if upstream else None
        if upstream is None or card is None:
            raise self._router.unknown(name)
        model.configured = upstream.configured
        model.operations.extend(sorted(card.operations))
        model.parameters.extend(codec.parameter(each, domain) for each, domain in card.parameters.items())
        model.streaming = card.streams
        model.takes_extras = card.extras
        model.max_prompt_characters = card.max_prompt
        return model
