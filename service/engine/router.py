"""From the name that a caller sent to the targets it means.

A name of the configuration; a provider before the first "/"; the first configured provider whose card lists the model;
else nothing, and the nearest names in the complaint. A weighted target is drawn by a seed that is given, so that the
same seed draws the same target.
"""

from __future__ import annotations

import difflib
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.domain.card import ANY, KeyCard, ModelCard, extended, find_card, find_name
from service.domain.plan import Memory, Policy, Target
from service.domain.price import MicroUsd, Price
from service.domain.request import ImageRequest
from service.errors import GatewayError, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """What routing needs to know of a provider."""

    name: str
    kind: str
    configured: bool
    cards: Mapping[str, ModelCard]
    prices: Mapping[str, Price]
    keys: Sequence[KeyCard] = ()
    retries: int = 1
    """How often a call is tried anew with the same key."""

    def card(self, model: str) -> ModelCard | None:
        return find_card(self.cards, model)

    def family(self, model: str) -> str:
        """The name of its card, of which it may be a snapshot; "other" of the one for any model."""
        name = find_name(self.cards, model)
        return "other" if name in (None, ANY) else name

    def lists(self, model: str) -> bool:
        """Whether a caller who names the model alone means this provider."""
        card = self.card(model)
        return card is not None and card.listed

    def price(self, model: str) -> Price | None:
        """The price of a model, or of the one that it is a snapshot of; a relative's price would be a guess."""
        if model in self.prices:
            return self.prices[model]
        families = {
            name: price for name, price in self.prices.items() if name not in self.cards or self.cards[name].family
        }
        return extended(families, model, "-") or self.prices.get(ANY)


CACHE_SECONDS = 300.0
"""How long an answer is found in the cache where nobody says it."""


@dataclass(frozen=True, slots=True)
class RouteCache:
    """How long answers to a route are found again, and what each image of such an answer costs."""

    seconds: float
    price: MicroUsd


@dataclass(frozen=True, slots=True)
class Route:
    """A name of the configuration: weighted targets, of which one is drawn, and what to try after it."""

    targets: tuple[tuple[str, int], ...]
    fallbacks: tuple[str, ...] = ()
    after_unknown: str | None = None
    fallback_on_refusal: bool = False
    strict: bool = False
    cache: RouteCache | None = None


@dataclass(frozen=True, slots=True)
class Router:
    upstreams: Mapping[str, Upstream]
    routes: Mapping[str, Route]
    known_providers: frozenset[str]
    """Providers that exist in the world, configured here or not: asking for one is no typing mistake."""
    after_unknown: str = "fallback"
    cancel_when_caller_leaves: bool = True

    def policy(self, name: str, after_unknown: str | None) -> Policy:
        """What holds for a name: the caller's word, else the route's, else that of the configuration."""
        route = self.routes.get(name)
        chosen = after_unknown or (route and route.after_unknown) or self.after_unknown
        return Policy(
            fails_after_unknown=chosen == "fail",
            fallback_on_refusal=route is not None and route.fallback_on_refusal,
            cancel_when_left=self.cancel_when_caller_leaves,
        )

    def memory(self, request: ImageRequest) -> Memory | None:
        """What the caller and the route want of the cache; None where it has no part in the answer."""
        name, wanted = request.model, request.cache
        cache = self.routes[name].cache if name in self.routes else None
        if wanted.seconds == 0:
            return None
        if cache is None and not wanted.key:
            if wanted.seconds is not None:
                raise GatewayError(
                    Reason.MISSING_PARAMETER,
                    f'cache.key is required: "{name}" has no cache of its own.',
                    field="cache.key",
                )
            return None
        return Memory(
            key=wanted.key,
            seconds=wanted.seconds or (cache.seconds if cache else CACHE_SECONDS),
            store=not wanted.no_store,
            price=cache.price if cache else 0,
            meaning=repr((self._meaning(name, request.bare_name_provider), *map(self._meaning, request.fallbacks))),
        )

    def _meaning(self, name: str, bare_name_provider: str = "") -> object:
        """What a name leads to, whatever is drawn."""
        route = self.routes.get(name)
        return (route.targets, route.fallbacks, route.strict) if route else self.resolve(name, "", bare_name_provider)

    def strict(self, name: str) -> bool:
        """Whether nothing that is asked for by this name is translated or dropped."""
        return name in self.routes and self.routes[name].strict

    def resolve(self, name: str, seed: str, bare_name_provider: str = "") -> tuple[Target, ...]:
        """The targets of which a name means the first that can do what is asked: those of a route as they were drawn.

        Raises for a name that means nothing here.
        """
        if name in self.routes:
            return tuple(map(self._target, self._draw(self.routes[name], seed)))
        provider, slash, _ = name.partition("/")
        if slash and (provider in self.upstreams or provider in self.known_providers):
            return (self._target(name),)
        if bare_name_provider:
            return (self._target(f"{bare_name_provider}/{name}"),)
        listing = [upstream for upstream in self.upstreams.values() if upstream.lists(name)]
        if not listing:
            raise self.unknown(name)
        first = next((each for each in listing if each.configured), listing[0])
        return (Target(first.name, first.kind, name),)

    def fallbacks(self, name: str) -> tuple[Target, ...]:
        """What follows a name by configuration."""
        return tuple(map(self._target, self.routes[name].fallbacks)) if name in self.routes else ()

    def names(self) -> Iterable[str]:
        """Every name that may be asked for: routes first, then "provider/model"."""
        yield from self.routes
        for upstream in self.upstreams.values():
            for model, card in upstream.cards.items():
                if card.listed:
                    yield f"{upstream.name}/{model}"

    def targets(self, name: str) -> tuple[Target, ...]:
        """Every target that a name may lead to, none drawn."""
        if name in self.routes:
            return (*(self._target(each) for each, _ in self.routes[name].targets), *self.fallbacks(name))
        return self.resolve(name, "")

    def models(self, provider: str) -> set[str]:
        """The models of a provider that its cards list, or a route leads to."""
        listed = {model for model, card in self.upstreams[provider].cards.items() if card.listed}
        routed = (each for name in self.routes for each in self.targets(name))
        return listed | {each.model for each in routed if each.provider == provider}

    def is_configured(self, target: Target) -> bool:
        upstream = self.upstreams.get(target.provider)
        return upstream is not None and upstream.configured

    def card(self, target: Target) -> ModelCard:
        """The card of a target. Raises where the provider lacks what it needs, or does not have the model."""
        upstream = self.upstreams.get(target.provider)
        if upstream is None or not upstream.configured:
            raise GatewayError(
                Reason.PROVIDER_NOT_CONFIGURED,
                f'The provider "{target.provider}" is not configured here: it has no key or address.',
                field="model",
            )
        card = upstream.card(target.model)
        if card is None:
            raise self.unknown(str(target))
        return card

    def family(self, target: Target) -> str:
        return self.upstreams[target.provider].family(target.model)

    def keys(self, target: Target, seed: str, pinned: str = "") -> tuple[str, ...]:
        """The keys for a target in the order in which they are tried: drawn by weight. Raises where none serves it."""
        keys = self.upstreams[target.provider].keys
        if not keys and not pinned:
            return ("",)
        if pinned and not any(key.name == pinned for key in keys):
            raise GatewayError(
                Reason.INVALID_PARAMETER, f'"{target.provider}" has no key named "{pinned}".', field="provider_key"
            )
        fit = [key for key in keys if key.serves(target.model) and (not pinned or key.name == pinned)]
        if not fit:
            which = f'The key "{pinned}"' if pinned else "No key"
            raise GatewayError(
                Reason.PROVIDER_NOT_CONFIGURED, f'{which} of "{target.provider}" serves {target.model}.', field="model"
            )
        return _drawn([(key.name, key.weight) for key in fit], f"key {seed}")

    def retries(self, target: Target) -> int:
        return self.upstreams[target.provider].retries

    def price(self, target: Target) -> Price | None:
        return self.upstreams[target.provider].price(target.model)

    def _target(self, name: str) -> Target:
        provider, _, model = name.partition("/")
        return Target(provider, self.upstreams[provider].kind if provider in self.upstreams else provider, model)

    def _draw(self, route: Route, seed: str) -> tuple[str, ...]:
        """A route's targets that have what they need and some weight; else one, whose complaint is told."""
        ready = [each for each in route.targets if self.is_configured(self._target(each[0]))] or route.targets
        weighed = [each for each in ready if each[1]]
        return _drawn(weighed, f"target {seed}") if weighed else (ready[0][0],)

    def unknown(self, name: str) -> GatewayError:
        """The complaint about a name that means nothing here, with the nearest that do."""
        known = list(self.names())
        short = {each.rpartition("/")[2]: each for each in known}
        near = difflib.get_close_matches(name, [*known, *short], n=3, cutoff=0.5)
        nearest = list(dict.fromkeys(short.get(each, each) for each in near)) or known[:3]
        return GatewayError(
            Reason.MODEL_NOT_FOUND,
            f'There is no model "{name[:100]}" here. Nearest: {", ".join(nearest)}.',
            field="model",
        )


def _drawn(weighed: Sequence[tuple[str, int]], seed: str) -> tuple[str, ...]:
    """The names of all of them, the heavier ones mostly first."""
    if len(weighed) > 1:
        chance = random.Random(seed)  # noqa: S311 - spreads load, guards nothing
        weighed = sorted(weighed, key=lambda each: chance.random() ** (1 / each[1]), reverse=True)
    return tuple(name for name, _ in weighed)
