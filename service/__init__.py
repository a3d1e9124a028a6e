"""The gateway: the rooms in the order in which a request passes them.

rpc (gRPC in, events out) → access (who, may they, who pays: a Permit) → engine (plan, attempts, fallback, delivery)
→ providers (one upstream each). `domain` holds the nouns that all speak of, `stores` what outlives a request, and
`assembly` is the only file that names concrete classes. Lower rooms never import higher ones; a test reads the imports.
"""
