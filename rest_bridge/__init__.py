"""The translator: OpenAI's images API in, gRPC out. It holds no state and no opinion.

`app` is the route table; a request goes from its endpoint (`images`, `models`, `files`, `health`) through `openai_json`
into a message, with `gateway` to the service, and comes back as JSON (`openai_json`), server-sent events (`sse`) or an
error envelope (`errors`). What is allowed, chosen, checked or paid is decided in the service.
"""
