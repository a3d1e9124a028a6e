"""One file or folder for each upstream; its name is its kind.

An adapter says what its models can do (cards; prices lie beside it as TOML), turns a call into that upstream's own
words and its answer into events, raises only ProviderError, and reaches the network only through `http`. It decides
nothing: no retry, no fallback, no price. `registry` finds adapters, also those of other packages, by entry point.
"""
