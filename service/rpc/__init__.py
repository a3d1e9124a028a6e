"""The gRPC edge: protobuf ends here.

`server` listens, `interceptors` give every call its span, its id and its status, `codec` turns messages into nouns and
back, and each service has a file of its own. Nothing is decided here; what is asked goes to access and engine.
"""
