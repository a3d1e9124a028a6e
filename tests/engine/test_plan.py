"""From a name to the steps that will be tried: routing, drawing, fallbacks, and what is left out and why."""

from __future__ import annotations

from collections import Counter

import pytest

from service.domain.card import Choice, KeyCard, ModelCard, Range, Sizes
from service.domain.plan import Action, Change, Plan, Skipped
from service.domain.price import Price
from service.domain.request import ImageRequest, Operation, Parameters
from service.engine.plan import make_plan
from service.engine.router import Route, Router, Upstream
from service.errors import GatewayError, Reason

SQUARE = ModelCard(parameters={"n": Range(1, 4), "quality": Choice(("fine",))})
WIDE = ModelCard(parameters={"n": Range(1, 10)}, family=True)
UNABLE = ModelCard(parameters={}, operations=frozenset[Operation]())

PER_IMAGE = {"square": Price(per_image={("*", "*"): 40_000}), "wide": Price(per_image={("*", "*"): 10_000})}

ROUTER = Router(
    upstreams={
        each.name: each
        for each in (
            Upstream(
                name="keyless",
                kind="openai",
                configured=False,
                cards={"square": SQUARE, "own": WIDE, "both": WIDE},
                prices={},
            ),
            Upstream(
                name="north",
                kind="openai",
                configured=True,
                cards={"square": SQUARE, "wide": WIDE, "unable": UNABLE},
                prices=PER_IMAGE,
            ),
            Upstream(name="south", kind="openai", configured=True, cards={"square": SQUARE, "both": WIDE}, prices={}),
            Upstream(name="azure", kind="azure", configured=True, cards={"pictures": WIDE}, prices={}),
        )
    },
    routes={
        "one": Route((("north/square", 1),), ("south/square", "north/wide")),
        "weighted": Route((("north/square", 3), ("south/square", 1))),
        "able and not": Route((("north/unable", 1), ("north/wide", 1))),
        "half off": Route((("north/square", 0), ("south/square", 1))),
        "half ready": Route((("keyless/square", 99), ("south/square", 1))),
        "none ready": Route((("keyless/square", 1),), ("south/square",)),
        "square": Route((("south/square", 1),)),
        "pictures": Route((("north/wide", 1),)),
        "twice": Route((("north/square", 1),), ("north/square", "north/unable", "keyless/square")),
    },
    known_providers=frozenset({"gemini", "azure"}),
)


def plan(model: str, *fallbacks: str, request_id: str = "r", bare: str = "", **parameters: int | str) -> Plan:
    request = ImageRequest(
        model=model,
        prompt="a lighthouse",
        fallbacks=fallbacks,
        bare_name_provider=bare,
        parameters=Parameters(**parameters),  # pyright: ignore[reportArgumentType] - each by its name
    )
    return make_plan(request, ROUTER, request_id)


def targets(of: Plan) -> list[str]:
    return [str(step.target) for step in of.steps]


@pytest.mark.parametrize(
    ("name", "bare", "target"),
    [
        ("square", "", "south/square"),
        ("north/square", "", "north/square"),
        ("wide", "", "north/wide"),
        ("both", "", "south/both"),
        ("wide-2026-04-21", "", "north/wide-2026-04-21"),
        ("north/wide-2026-04-21", "", "north/wide-2026-04-21"),
        ("pictures", "azure", "north/wide"),
        ("north/wide", "azure", "north/wide"),
        ("pictures-2", "azure", "azure/pictures-2"),
    ],
    ids=[
        "a name of the configuration, before a model of that name",
        "provider and model",
        "a bare name: the provider that lists it",
        "a bare name: the first that is configured",
        "a dated name is of the family",
        "a dated name at a provider",
        "a deployment that is a name of the configuration",
        "a deployment that is provider and model",
        "any other deployment is that provider's",
    ],
)
def test_names_lead_to_targets(name: str, bare: str, target: str) -> None:
    """A name resolves in the order that the design gives."""
    assert targets(plan(name, bare=bare))[0] == target


@pytest.mark.parametrize(
    ("name", "reason", "said"),
    [
        ("squire", Reason.MODEL_NOT_FOUND, "square"),
        ("north/squar", Reason.MODEL_NOT_FOUND, "north/square"),
        ("nowhere/wide", Reason.MODEL_NOT_FOUND, "north/wide"),
        ("own", Reason.PROVIDER_NOT_CONFIGURED, "keyless"),
        ("keyless/square", Reason.PROVIDER_NOT_CONFIGURED, "keyless"),
        ("gemini/gemini-3-pro-image", Reason.PROVIDER_NOT_CONFIGURED, "gemini"),
        ("north/unable", Reason.UNSUPPORTED_OPERATION, "generate"),
    ],
    ids=[
        "misspelled",
        "misspelled at a provider",
        "nobody's provider",
        "listed by an unconfigured provider alone",
        "at an unconfigured provider",
        "at a provider that is not in the file",
        "a model that cannot",
    ],
)
def test_names_that_lead_nowhere(name: str, reason: Reason, said: str) -> None:
    """A name that leads nowhere is refused as the model, with the nearest names, or with what the provider lacks."""
    with pytest.raises(GatewayError) as refused:
        plan(name)

    assert (refused.value.reason, refused.value.field) == (reason, "model")
    assert said in refused.value.message


def test_route_goes_on_to_its_fallbacks() -> None:
    """A route's fallbacks follow its target, in their order."""
    assert targets(plan("one")) == ["north/square", "south/square", "north/wide"]


def test_callers_fallbacks_win() -> None:
    """The caller's fallbacks stand in the place of the route's; one that is a route means its target alone."""
    assert targets(plan("one", "azure/pictures", "pictures")) == ["north/square", "azure/pictures", "north/wide"]


def test_draw_is_the_same_for_the_same_request() -> None:
    """The same request is led the same way wherever it is asked about."""
    names = [str(number) for number in range(50)]

    assert [targets(plan("weighted", request_id=each)) for each in names] == [
        targets(plan("weighted", request_id=each)) for each in names
    ]


def test_a_target_that_cannot_do_it_is_not_drawn() -> None:
    """Whatever is drawn first, the one that can do what is asked is taken, and the plan says why the other is not."""
    for number in range(50):
        made = plan("able and not", request_id=str(number))
        assert targets(made) == ["north/wide"]
        assert made.skipped in ((), (Skipped("north/unable", "north/unable cannot generate images."),))
    told = {plan("able and not", request_id=str(number)).skipped for number in range(50)}
    assert len(told) == 2


def test_a_fallback_that_is_a_route_is_one_that_can_do_it() -> None:
    """The name of a route among the fallbacks leads to those of its targets that are able, and not in the plan yet."""
    for number in range(20):
        assert targets(plan("south/square", "able and not", request_id=str(number))) == ["south/square", "north/wide"]
        assert targets(plan("south/square", "weighted", request_id=str(number))) == ["south/square", "north/square"]


def test_draws_are_spread_by_weight() -> None:
    """Over many requests three of four go where the weight is three."""
    drawn = Counter(targets(plan("weighted", request_id=f"request-{number}"))[0] for number in range(2000))

    assert set(drawn) == {"north/square", "south/square"}
    assert 1400 < drawn["north/square"] < 1600


@pytest.mark.parametrize("name", ["half off", "half ready"])
def test_nobody_is_led_where_nobody_serves(name: str) -> None:
    """A target without weight, or whose provider is not configured while another's is, is never drawn."""
    assert {targets(plan(name, request_id=str(number)))[0] for number in range(200)} == {"south/square"}


def test_route_to_unconfigured_providers_says_so() -> None:
    """A route none of whose targets can serve is answered as what it is."""
    with pytest.raises(GatewayError) as refused:
        plan("none ready")

    assert refused.value.reason is Reason.PROVIDER_NOT_CONFIGURED


@pytest.mark.parametrize(
    ("fallback", "said"),
    [
        ("keyless/square", "not configured"),
        ("gemini/gemini-3-pro-image", "not configured"),
        ("north/unable", "cannot generate"),
        ("south/square", 'quality must be one of "fine"'),
        ("wide", "it is in the plan already"),
    ],
    ids=["no key", "not in the file", "cannot generate", "has no such quality", "the same again"],
)
def test_unable_fallback_is_left_out(fallback: str, said: str) -> None:
    """A fallback that could not serve is left out before anything is spent, with its name and the reason."""
    made = plan("north/wide", fallback, "azure/pictures", quality="low")

    assert targets(made) == ["north/wide", "azure/pictures"]
    assert [each.target for each in made.skipped] == [fallback]
    assert said in made.skipped[0].explanation


def test_routes_own_unable_fallbacks_are_left_out() -> None:
    """A route's fallback that repeats the target, or cannot serve, is left out in the same way."""
    made = plan("twice")

    assert targets(made) == ["north/square"]
    assert [each.target for each in made.skipped] == ["north/square", "north/unable", "keyless/square"]


@pytest.mark.parametrize("fallback", ["nonsense", "nowhere/wide", "north/nonsense"])
def test_unknown_fallback_is_a_mistake(fallback: str) -> None:
    """A fallback that means nothing here is the caller's mistake, told with its place in the list."""
    with pytest.raises(GatewayError) as refused:
        plan("north/wide", "azure/pictures", fallback)

    assert (refused.value.reason, refused.value.field) == (Reason.MODEL_NOT_FOUND, "fallbacks[1]")


def test_first_targets_complaint_is_the_answer() -> None:
    """What the first target cannot take is the caller's answer, also where a fallback could take it."""
    with pytest.raises(GatewayError) as refused:
        plan("north/square", "north/wide", quality="low")

    assert (refused.value.reason, refused.value.field) == (Reason.INVALID_PARAMETER, "quality")


def test_more_images_than_a_call_makes_are_several_calls() -> None:
    """Eight of a model that makes four at a time are two calls, told as such, and held for together."""
    (step,) = plan("north/square", n=8).steps

    assert [*step.images] == [range(4), range(4, 8)]
    assert [step.part(each).parameters.n for each in step.images] == [4, 4]
    assert Change("n", Action.TRANSLATED, "8", "4", "2 calls") in step.changes
    assert step.max_cost == 8 * 40_000


def test_a_model_that_counts_no_images_is_asked_for_one_at_a_time() -> None:
    """Three calls, without the parameter that it does not have; a seed of three is another one in each."""
    card = ModelCard(parameters={"seed": Range(0, 3)})
    north = Upstream(name="north", kind="openai", configured=True, cards={"one": card}, prices={})
    request = ImageRequest(model="north/one", prompt="a lighthouse", parameters=Parameters(n=3, seed=3))
    (step,) = make_plan(request, Router({"north": north}, {}, frozenset()), "seed").steps

    assert [step.part(each).parameters for each in step.images] == [Parameters(seed=seed) for seed in (3, 0, 1)]
    assert Change("n", Action.TRANSLATED, "3", "1", "3 calls") in step.changes


KEYED = Upstream(
    name="keyed",
    kind="openai",
    configured=True,
    cards={"square": SQUARE, "wide": WIDE},
    prices={},
    keys=(KeyCard("heavy", 3), KeyCard("light", 1), KeyCard("narrow", 9, ("wide",))),
)


def keys(model: str, seed: str = "", pinned: str = "") -> tuple[str, ...]:
    request = ImageRequest(model=model, prompt="a lighthouse", key=pinned)
    return make_plan(request, Router({"keyed": KEYED}, {}, frozenset()), seed).steps[0].keys


def test_keys_are_drawn_by_weight() -> None:
    """Of keys with three and one the first comes first three times in four; all that serve the model follow."""
    drawn = [keys("keyed/square", str(number)) for number in range(2000)]

    assert {frozenset(each) for each in drawn} == {frozenset({"heavy", "light"})}
    assert 1400 < sum(each[0] == "heavy" for each in drawn) < 1600
    assert set(keys("keyed/wide")) == {"heavy", "light", "narrow"}


def test_a_pinned_key_is_the_only_one() -> None:
    """Whoever names a key is served with that key or not at all."""
    assert keys("keyed/square", pinned="light") == ("light",)
    for pinned, said in (("nobody's", 'has no key named "nobody\'s"'), ("narrow", "serves square")):
        with pytest.raises(GatewayError, match=said):
            keys("keyed/square", pinned=pinned)


def test_account_says_what_became_of_the_name() -> None:
    """Where a name led elsewhere, the account of each step says so; asked by its own name there is nothing to tell."""
    routed, plain, bare = plan("one"), plan("north/wide"), plan("wide")

    assert [step.changes for step in routed.steps] == [
        (Change("model", Action.TRANSLATED, "one", target),) for target in targets(routed)
    ]
    assert plain.steps[0].changes == bare.steps[0].changes == ()


def test_plan_costs_what_its_dearest_step_costs() -> None:
    """What has to be held is the dearest step's price; unknown where a step has none."""
    both, unpriced = plan("north/wide", "north/square", n=2), plan("north/wide", "south/square", n=2)

    assert [step.max_cost for step in both.steps] == [20_000, 80_000]
    assert both.max_cost == 80_000
    assert ([step.max_cost for step in unpriced.steps], unpriced.max_cost) == ([20_000, None], None)


def test_each_step_has_the_request_in_its_own_terms() -> None:
    """What one target takes and the next has nothing like is adapted for each alone."""
    made = plan("north/square", "north/wide", quality="fine", n=2)

    assert [step.request.parameters for step in made.steps] == [Parameters(quality="fine", n=2), Parameters(n=2)]
    assert [change.action for change in made.steps[1].changes if change.parameter == "quality"] == [Action.DROPPED]


def test_each_step_has_the_shape_that_its_target_has() -> None:
    """The size, the nearest that there is, or its ratio; a model that makes squares alone is left out."""
    cards = {
        "free": ModelCard(parameters={"size": Sizes(names=(), any_size=True, max_side=4096)}),
        "named": ModelCard(parameters={"size": Sizes(names=("1024x1024", "1536x1024"))}),
        "ratios": ModelCard(parameters={"aspect_ratio": Choice(("1:1", "16:9"))}),
        "squares": ModelCard(parameters={"size": Sizes(names=("512x512", "1024x1024"))}),
    }
    north = Upstream(name="north", kind="openai", configured=True, cards=cards, prices={})
    first, *others = (f"north/{name}" for name in cards)
    given = Parameters(size="1920x1080")
    asked = ImageRequest(model=first, prompt="a fox", fallbacks=tuple(others), parameters=given)
    made = make_plan(asked, Router({"north": north}, {}, frozenset()), "seed")

    assert [step.request.parameters for step in made.steps] == [
        Parameters(size="1920x1080"),
        Parameters(size="1536x1024"),
        Parameters(aspect_ratio="16:9"),
    ]
    assert [step.changes[-1] for step in made.steps] == [
        Change("size", Action.APPLIED, "1920x1080"),
        Change("size", Action.TRANSLATED, "1920x1080", "1536x1024"),
        Change("size", Action.TRANSLATED, "1920x1080", "16:9", "sent as aspect_ratio"),
    ]
    assert [each.target for each in made.skipped] == ["north/squares"]
    assert made.skipped[0].explanation.startswith('size must be one of "512x512", "1024x1024" for north/squares')


def test_strict_refuses_what_would_be_translated() -> None:
    """The parameter is named, what it would become, and where."""
    card = ModelCard(parameters={"size": Sizes(names=("1024x1024", "1536x1024"))})
    north = Upstream(name="north", kind="openai", configured=True, cards={"named": card}, prices={})
    for name, value, given in (
        ("size", "1920x1080", Parameters(size="1920x1080")),
        ("aspect_ratio", "16:9", Parameters(aspect_ratio="16:9")),
    ):
        asked = ImageRequest(model="north/named", prompt="a fox", strict=True, parameters=given)
        with pytest.raises(GatewayError) as refused:
            make_plan(asked, Router({"north": north}, {}, frozenset()), "seed")
        assert refused.value.field == name
        assert refused.value.message == f'{name} would be sent to north/named as "1536x1024", not "{value}".'


STRICT = Router(
    ROUTER.upstreams, {"exact": Route((("north/square", 1),), ("north/wide",), strict=True)}, ROUTER.known_providers
)


def exact(model: str, strict: bool | None, **parameters: int | str) -> Plan:
    given = Parameters(**parameters)  # pyright: ignore[reportArgumentType] - each by its name
    return make_plan(ImageRequest(model=model, prompt="a fox", strict=strict, parameters=given), STRICT, "seed")


def test_strict_refuses_what_would_be_dropped() -> None:
    """Of a request or of a route, by the parameter's name; a request's own word goes before the route's."""
    for model, strict in (("north/square", True), ("exact", None)):
        with pytest.raises(GatewayError, match="seed would be dropped for north/square: this model has") as refused:
            exact(model, strict, seed=5)
        assert (refused.value.reason, refused.value.field) == (Reason.INVALID_PARAMETER, "seed")
    assert exact("north/square", None, seed=5).steps
    assert exact("exact", False, seed=5).steps


def test_a_fallback_is_as_strict_as_its_name() -> None:
    """A route that is asked as a fallback keeps its word; so does a name that is not strict, after one that is."""

    def chain(model: str, fallback: str, strict: bool | None) -> Plan:
        given = Parameters(quality="fine")
        asked = ImageRequest(model=model, prompt="a fox", fallbacks=(fallback,), strict=strict, parameters=given)
        router = Router(STRICT.upstreams, {"exact": Route((("north/wide", 1),), strict=True)}, frozenset())
        return make_plan(asked, router, "seed")

    assert targets(chain("south/square", "exact", None)) == ["south/square"]
    assert "quality would be dropped" in chain("south/square", "exact", None).skipped[0].explanation
    assert targets(chain("south/square", "exact", False)) == ["south/square", "north/wide"]
    assert targets(chain("south/square", "north/wide", None)) == ["south/square", "north/wide"]
    assert targets(chain("south/square", "north/wide", True)) == ["south/square"]
    with pytest.raises(GatewayError, match="quality would be dropped for north/wide"):
        chain("exact", "south/square", None)


def test_strict_takes_what_is_sent_as_asked() -> None:
    """More images than a call makes are still as many images; a fallback that would drop something is left out."""
    made = exact("exact", None, n=8, quality="fine")

    assert targets(made) == ["north/square"]
    assert [each.target for each in made.skipped] == ["north/wide"]
    assert "quality would be dropped" in made.skipped[0].explanation
