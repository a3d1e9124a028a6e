"""From a permitted request to a stream of events.

`pipeline` leads through it: `check` (what may be asked of any model), `plan` out of `router`, `adapt` and `pricing`
(pure and explained; `fate` is what becomes of one parameter, `shape`, `nearest` and `output` help `adapt`), then an
`errand`, which is carried out in one of three ways: from the `cache`, from a provider that has the order, or by asking.
Asked is by `fallback` (which target is next), `calls` (one target: the first of what `verdict` allows, in good time by
`waits`, last who is out by `health`), `rooms` (how many at once), `tab` (what is held for it) and `attempt` (one
provider call in a task of its own, its events in a `queue`). Pictures go through `conversion`, made in the `darkroom`,
where the provider does not make the format that was asked for, and by `delivery` to the caller. An `account` notes
all, and the `backlog` weighs what waits.

`engine` holds the pipeline in force, which a changed configuration replaces. Before it stands `once`, for requests with
a key: one `making` for all who ask, and `repeat` for who comes later; what the same request is, `question` says.
The engine computes money and never keeps it; it knows no proto, no JSON and no concrete provider.
"""
