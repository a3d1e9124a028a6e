"""The plan of a request: pure, so that it can be shown without being carried out."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from service.domain.plan import Action, Change, Plan, Skipped, Step, Target
from service.domain.request import ImageRequest
from service.engine.adapt import NOTHING_LIKE_IT, adapt
from service.engine.complaints import invalid, quoted
from service.engine.pricing import at_most
from service.engine.router import Router
from service.errors import GatewayError, Reason


def make_plan(request: ImageRequest, router: Router, seed: str) -> Plan:
    """The steps in order. Of the targets that a name leads to the first that can do what is asked is taken. Where none
    can, the complaint of the first is the caller's answer, or a fallback is left out.
    """
    steps: list[Step] = []
    skipped: list[Skipped] = []

    def add(targets: Sequence[Target], name: str) -> None:
        strict = _is_strict(request, name, router)
        complaints: list[tuple[Target, GatewayError]] = []
        for target in targets:
            pinned = request.key if not steps or target.provider == steps[0].target.provider else ""
            try:
                steps.append(_step(request, target, router, seed, pinned, len(steps), strict=strict))
                break
            except GatewayError as error:
                complaints.append((target, error))
        else:
            raise complaints[0][1]
        skipped.extend(Skipped(str(target), error.message) for target, error in complaints)

    add(router.resolve(request.model, seed, request.bare_name_provider), request.model)
    for name, field, targets in _fallbacks(request, router, seed):
        new = [each for each in targets if all(step.target != each for step in steps)]
        if not new:
            skipped.append(Skipped(name, "it is in the plan already"))
            continue
        try:
            add(new, name if request.fallbacks else request.model)
        except GatewayError as error:
            if error.reason is Reason.MODEL_NOT_FOUND:
                raise GatewayError(error.reason, error.message, field=field) from None
            skipped.append(Skipped(name, error.message))
    return Plan(
        steps=tuple(steps),
        skipped=tuple(skipped),
        policy=router.policy(request.model, request.after_unknown),
        memory=router.memory(request),
    )


def _fallbacks(request: ImageRequest, router: Router, seed: str) -> list[tuple[str, str, Sequence[Target]]]:
    """The caller's fallbacks, or else the route's: each with its name, the field it stands in, and where it leads."""
    if not request.fallbacks:
        return [(str(target), "model", (target,)) for target in router.fallbacks(request.model)]
    named: list[tuple[str, str, Sequence[Target]]] = []
    for i, name in enumerate(request.fallbacks):
        field = f"fallbacks[{i}]"
        try:
            named.append((name, field, router.resolve(name, seed)))
        except GatewayError as error:
            raise GatewayError(error.reason, error.message, field=field) from None
    return named


def _is_strict(request: ImageRequest, name: str, router: Router) -> bool:
    """The caller's word, else that of the name by which a target came into the plan."""
    return router.strict(name) if request.strict is None else request.strict


def _step(
    request: ImageRequest, target: Target, router: Router, seed: str, pinned: str, index: int, *, strict: bool
) -> Step:
    card = router.card(target)
    if request.operation not in card.operations:
        raise GatewayError(Reason.UNSUPPORTED_OPERATION, f"{target} cannot {request.operation} images.", field="model")
    adapted = adapt(request, card, str(target))
    changes = adapted.changes
    if strict:
        _refuse(changes, target)
    if request.model not in (str(target), target.model):
        changes = (Change("model", Action.TRANSLATED, request.model, str(target)), *changes)
    price = router.price(target)
    step = Step(
        target=target,
        request=adapted.request,
        card=card,
        index=index,
        keys=router.keys(target, seed, pinned),
        retries=router.retries(target),
        shares=_shares(request.parameters.n or 1, adapted.most),
        family=router.family(target),
        changes=changes,
        conversion=adapted.conversion,
        price=price,
    )
    calls = [at_most(price, part.parameters, part.prompt) for part in map(step.part, step.images)]
    return replace(step, max_cost=None if None in calls else sum(filter(None, calls)))


def _refuse(changes: Sequence[Change], target: Target) -> None:
    """Raises for the first parameter that would not be sent as it was asked for."""
    for each in changes:
        if each.action is Action.DROPPED:
            raise invalid(each.parameter, f"would be dropped for {target}: {each.note or NOTHING_LIKE_IT}")
        if each.action is Action.TRANSLATED and each.parameter != "n":
            raise invalid(each.parameter, f'would be sent to {target} as "{each.sent}", not {quoted(each.asked)}')


def _shares(n: int, most: int) -> tuple[int, ...]:
    """How many images each call makes."""
    whole, rest = divmod(n, most)
    return (most,) * whole + ((rest,) if rest else ())
