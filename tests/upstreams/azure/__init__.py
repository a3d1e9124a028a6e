"""A double of an Azure OpenAI resource: its addresses, api-versions, keys, tokens and filters, around OpenAI's double.

```python
async with AzureDouble() as azure:
    azure.url, azure.key                  # the resource's address (without /openai), and the api-key it knows
    azure.deployments                     # names, and the models behind them: {"pictures": "gpt-image-2", …}
    azure.next(azure_refusing(blocked_resource()), withholding(0))   # and all that OpenAI's double can do
    azure.orders, azure.bill, azure.billed_micro_usd
    azure.entra                           # the token endpoint, at the same address: .life, .given, .asked, .revoke(),
                                          #   .token = "what it gives",
                                          #   .failures.append((503, "temporarily_unavailable")), .gate
```

Strict: `api-version` is required in the classic form and must be one that exists; `model` must not stand in a body
whose path names the deployment (`takes_model=True` lets it, as most of Azure does: the official client sends it); a
key or a token, not both; a token ends when its life is over, or when it is revoked. Whatever OpenAI's model refuses is
refused as OpenAI refuses it. The bill is in OpenAI's prices; dall-e-3 is billed by the image.
"""

from .double import DEPLOYMENTS, KEY, AzureDouble, azure_refusing, withholding
from .entra import CLIENT, SCOPE, SECRET, TENANT, Entra
from .refusals import (
    AzureRefusal,
    blocked_resource,
    filtered_prompt,
    limited,
    missing_key,
    no_deployment,
    wrong_key,
    wrong_token,
)

__all__ = [
    "CLIENT",
    "DEPLOYMENTS",
    "KEY",
    "SCOPE",
    "SECRET",
    "TENANT",
    "AzureDouble",
    "AzureRefusal",
    "Entra",
    "azure_refusing",
    "blocked_resource",
    "filtered_prompt",
    "limited",
    "missing_key",
    "no_deployment",
    "withholding",
    "wrong_key",
    "wrong_token",
]
