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
    """The steps in order. The first target's complaint is the caller's answer; an unable fallback is left out."""
    first, *rest = router.resolve(request.model, seed, request.bare_name_provider)
    steps = [_step(request, first, router, seed, request.key, 0, strict=_is_strict(request, request.model, router))]
    skipped: list[Skipped] = []
    for name, field, target in _fallbacks(request, rest, router, seed):
        if any(step.target == target for step in steps):
            skipped.append(Skipped(name, "it is in the plan already"))
            continue
        try:
            pinned = request.key if target.provider == first.provider else ""
            strict = _is_strict(request, name if request.fallbacks else request.model, router)
            steps.append(_step(request, target, router, seed, pinned, len(steps), strict=strict))
        except GatewayError as error:
            if error.reason is Reason.MODEL_NOT_FOUND:
                raise GatewayError(error.reason, error.message, field=field) from None
            skipped.append(Skipped(name, error.message))
    return Plan(
        steps=tuple(steps),
        skipped=tuple(skipped),
        policy=router.policy(request.model, request.after_unknown),
        memory=router.memory(request.model, request.cache),
    )


def _fallbacks(request: ImageRequest, routed: list[Target], router: Router, seed: str) -> list[tuple[str, str, Target]]:
    """The caller's fallbacks, or else the route's: each with its name, the field it stands in, and where it leads."""
    if not request.fallbacks:
        return [(str(target), "model", target) for target in routed]
    named: list[tuple[str, str, Target]] = []
    for i, name in enumerate(request.fallbacks):
        field = f"fallbacks[{i}]"
        try:
            named.append((name, field, router.resolve(name, seed)[0]))
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
