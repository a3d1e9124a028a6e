"""The translator: OpenAI's images API in, gRPC out. It holds no state and no opinion.

`app` is the route table; a request passes the `edge` (id, span, metrics), goes from its endpoint (`images`, `models`,
`files`, `health`) through `openai_json` into a message, with `gateway` to the service, and comes back as JSON
(`openai_json`), as OpenAI's events (`openai_events`, read `ahead`, sent by `sse`) or as an error envelope (`errors`),
with the service's `report` in it. `asked` is what has to be known of a request to answer it, `leaving` what happens
when its client goes, `server` the HTTP server around it all; its `guard` reads `heads` and `bodies` strictly and lets
through what is good and quick enough, and `browsers` are told what an answer is. What is allowed, chosen, checked or
paid is decided in the service.
"""
