"""From a permitted request to a stream of events.

`pipeline` leads through it: `check` (what may be asked of any model), `plan` out of `router`, `adapt` and `pricing`
(pure and explained; `shape`, `nearest` and `output` are `adapt`'s), `fallback` (who is asked next: the first of what
`verdict` allows, and last who is out by `health`), `rooms` (how many at once), `tab` (what is held for it), `attempt`
(one provider call in a task of its own, its events in a `queue`, and through `conversion` where the provider does not
make the format that was asked for), `delivery` (bytes or a file), all of it noted in an `account`. `engine` holds the
pipeline in force, which a changed configuration replaces; `once` stands before it for requests with a key, whose
answers `keeping` puts away and fetches. The engine computes money and never keeps it; it knows no
proto, no JSON and no concrete provider.
"""
