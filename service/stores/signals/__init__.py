"""What may be lost: counters, leases and messages. `port` is the promise.

`memory` keeps it within one process, `valkey` between all of them: over a `link` that mends itself, with an `ear` that
hears what others publish, and with `patience` that is over when the server counts as unreachable.
"""
