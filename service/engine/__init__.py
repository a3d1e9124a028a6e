"""From a permitted request to a stream of events.

`pipeline` walks it: `check` (what may be asked of any model), `router` + `adapt` + `pricing` (a plan, pure and
explained), `fallback` (which step is next), `attempt` (one provider call in a task of its own), `delivery` (bytes or
a file). The engine computes money and never keeps it; it knows no proto, no JSON and no concrete provider.
"""
