"""How to connect: limits that let pictures through, pings that survive silence, no retry that could bill twice."""

from __future__ import annotations

from importlib import resources

import grpc
import grpc.aio

MIB = 1024 * 1024
DEFAULT_SECONDS = 300.0
"""How long a request may take when its caller names no deadline."""

LARGEST_MESSAGE = 256 * MIB
"""What a channel of ours reads at most: ten inline pictures of 20 MB, and air."""

SERVICE_CONFIG = resources.files("imagegen").joinpath("service_config.json").read_text()
"""The published service config: reads are retried while the server is away, generation never is."""

Options = list[tuple[str, int | str]]


def options(largest_message: int = LARGEST_MESSAGE) -> Options:
    """The channel options that a caller in any language should set alike."""
    return [
        ("grpc.max_receive_message_length", largest_message),
        ("grpc.max_send_message_length", largest_message),
        ("grpc.max_metadata_size", 64 * 1024),  # the account of a request with many parameters rides in the trailers
        ("grpc.absolute_max_metadata_size", 128 * 1024),
        ("grpc.service_config", SERVICE_CONFIG),
        ("grpc.keepalive_time_ms", 10_000),  # a peer that has vanished is noticed within a quarter of a minute
        ("grpc.keepalive_timeout_ms", 5_000),
        ("grpc.http2.max_pings_without_data", 0),  # a picture may take minutes in which nothing is said
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.min_reconnect_backoff_ms", 5_000),  # how long one attempt to connect may take
        ("grpc.max_reconnect_backoff_ms", 2_000),
        ("grpc.enable_http_proxy", 0),  # proxies of the environment are for the web, not for an address named here
    ]


def connect(
    target: str,
    *,
    credentials: grpc.ChannelCredentials | None = None,
    largest_message: int = LARGEST_MESSAGE,
    shared: bool = True,
) -> grpc.aio.Channel:
    """Opens a channel to `target` ("host:port", "unix:path", "dns:///name:port"), encrypted with credentials.

    Credentials from PEM files are made by `imagegen.tls`. A service takes a thousand calls at once on a connection;
    channels of one process to one target share theirs unless they are not `shared`.
    """
    chosen = options(largest_message)
    if not shared:
        chosen.append(("grpc.use_local_subchannel_pool", 1))
    if credentials is None:
        return grpc.aio.insecure_channel(target, options=chosen)
    return grpc.aio.secure_channel(target, credentials, options=chosen)
