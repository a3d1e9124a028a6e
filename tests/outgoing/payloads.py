"""What callers of other gateways have tried in order to move where theirs connects, and with whose key."""

from __future__ import annotations

NAMES = (
    "api_base", "base_url", "baseURL", "baseUrl", "api_url", "apiBase", "endpoint", "azure_endpoint", "azure_host",
    "host", "hostname", "origin", "url", "uri", "target", "upstream", "server", "proxy", "http_proxy", "https_proxy",
    "forward_to", "callback", "callback_url", "webhook", "webhook_url", "image_url", "image", "mask", "input_image",
    "custom_host", "custom_llm_provider", "litellm_params", "litellm_credential_name", "model_info", "region",
    "api_version", "api_key", "organization", "extra_headers", "extra_body", "extra_query", "headers",
    "default_headers",
    "x-portkey-custom-host", "x-portkey-config", "x-portkey-provider", "x-portkey-forward-headers",
    "x-bf-base-url", "x-bf-host", "x-bf-provider", "x-bf-eh-host", "x-bf-passthrough", "x-litellm-api-base",
    "x-forwarded-host", "x-forwarded-for", "x-original-url", "x-rewrite-url", "x-host", "x-upstream", "forwarded",
    "openai-organization", "openai-base-url", "helicone-target-url", "x-target-url", "cf-aig-authorization",
)  # fmt: skip
"""As a field, a header and metadata, with the canary's address as the value."""

ENDS = (
    "#", "@", "\\", "?", "/../..", "//{canary}/", "@{canary}/", "#@{canary}", "\\@{canary}", "%2f%2f{canary}", "%00",
    "%0d%0aHost:%20{canary}", "\r\nHost: {canary}\r\n", ";{canary}", "..;/", "https://{canary}/", ".{canary}",
    ":80@{canary}",
)  # fmt: skip
"""What is put behind a model's or a deployment's name."""

MODELS = (
    "https://{canary}/gpt-image-2", "{canary}", "//{canary}/gpt-image-2", "openai@{canary}/gpt-image-2",
    "openai#/gpt-image-2", "openai\\/gpt-image-2", "openai/https://{canary}", "openai/../../{canary}", "azure/{canary}",
    "openai/gpt-image-2\r\nHost: {canary}", "\r\nHost: {canary}\r\n\r\n", "openai:{canary}/gpt-image-2",
)  # fmt: skip
