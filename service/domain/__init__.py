"""The nouns: frozen, without I/O, without proto, without JSON; of msgspec's structs (docs/decisions/0012-nouns.md).

Everything that two rooms speak of is here, and nothing that only one room needs. A noun checks nothing about the
world; whoever makes one has checked.
"""
