"""A double of the servers that are compatible with OpenAI's images API in their own ways.

```python
async with CompatibleDouble("together") as together:   # nebius, sgl, vllm, together, deepinfra, plain
    together.url, together.key       # base URL ending in /v1, and the key it knows; sgl, vllm and plain need none
    together.next(together.refusing(402, "No credit."), together.empty(), together.addresses())   # in its own words
    together.next(stall(), reset())  # and what OpenAI's double can do to a connection
    together.orders, together.bill, together.billed_micro_usd
```

What each takes, refuses and answers is written down in `description`, from its own documentation: vLLM refuses
`response_format: "url"` and any model but its own, Together refuses `b64_json`, Nebius a fraction as guidance and every
field that it does not know, SGLang answers with addresses on itself unless asked for base64. A prompt with FORBIDDEN in
it is refused by Together and flagged by DeepInfra. A picture says which request it answers, and costs by its pixels.
"""

from .description import DESCRIPTIONS, Description
from .double import KEY, PRICE, CompatibleDouble

__all__ = ["DESCRIPTIONS", "KEY", "PRICE", "CompatibleDouble", "Description"]
