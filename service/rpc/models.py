"""Models: every name that may be asked for, and what its model takes."""

from __future__ import annotations

from imagegen import v1

from service.access.doorman import Doorman
from service.engine.router import Router
from service.rpc import codec
from service.rpc.interceptors import ServicerContext, arrived


class Models(v1.ModelsServicer):
    def __init__(self, router: Router, doorman: Doorman) -> None:
        self._router = router
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
