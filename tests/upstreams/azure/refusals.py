"""How Azure says no: its own envelope and words, beside OpenAI's, which it passes on for what the model refuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.upstreams.openai import Refusal

CATEGORIES = ("sexual", "violence", "hate", "self_harm")
DETECTED = ("profanity", "jailbreak")


@dataclass(eq=False)
class AzureRefusal(Refusal):
    """A complete error answer in Azure's envelope; `whole` stands in its place where there is no envelope."""

    inner: Mapping[str, object] = field(default_factory=dict[str, object])
    inner_name: Literal["inner_error", "innererror"] = "inner_error"
    whole: Mapping[str, object] | None = None

    @property
    def body(self) -> dict[str, object]:
        if self.whole is not None:
            return dict(self.whole)
        error: dict[str, object] = {"code": self.code, "message": self.message}
        if self.inner:
            error |= {"param": self.param, "type": None, self.inner_name: dict(self.inner)}
        return {"error": error}


def missing_key() -> AzureRefusal:
    message = (
        "Access denied due to missing subscription key. Make sure to include subscription key when making requests to "
        "an API."
    )
    return AzureRefusal(401, message, "401")


def wrong_key() -> AzureRefusal:
    message = (
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
        "active subscription and use a correct regional API endpoint for your resource."
    )
    return AzureRefusal(401, message, "401")


def wrong_token() -> AzureRefusal:
    """The other shape of a 401, which has no envelope."""
    message = (
        "Unauthorized. Access token is missing, invalid, audience is incorrect (https://cognitiveservices.azure.com), "
        "or have expired."
    )
    return AzureRefusal(401, message, whole={"statusCode": 401, "message": message})


def not_found() -> AzureRefusal:
    """A wrong path, or an api-version that does not exist."""
    return AzureRefusal(404, "Resource not found", "404")


def no_deployment() -> AzureRefusal:
    message = (
        "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, "
        "please wait a moment and try again."
    )
    return AzureRefusal(404, message, "DeploymentNotFound")


def model_in_the_body() -> AzureRefusal:
    return AzureRefusal(400, "The model is chosen by the deployment; 'model' must not be sent.", "invalid_request")


def limited(seconds: int, *, code: str = "429") -> AzureRefusal:
    message = (
        f"Requests have exceeded call rate limit of your current pricing tier. Please retry after {seconds} seconds."
    )
    return AzureRefusal(429, message, code, headers={"retry-after": str(seconds)})


def blocked_resource() -> AzureRefusal:
    """The account is blocked for a while: words about content, and no verdict on this prompt."""
    message = (
        "Your resource has been temporarily blocked because we detected behavior that may violate our content policy. "
        "Please review the content that you send and contact support."
    )
    return AzureRefusal(403, message, "Forbidden")


def filtered_prompt(
    *categories: str,
    code: str = "content_policy_violation",
    inner_name: Literal["inner_error", "innererror"] = "inner_error",
) -> AzureRefusal:
    """The filters refuse the prompt, and say for what."""
    message = (
        "Your request was rejected as a result of our safety system. Your prompt may contain text that is not allowed."
    )
    inner = {
        "code": "ResponsibleAIPolicyViolation",
        "revised_prompt": "",
        "content_filter_results": results(*(categories or ("violence",))),
    }
    return AzureRefusal(400, message, code, inner=inner, inner_name=inner_name)


def results(*filtered: str) -> dict[str, Any]:
    """What the filters found, for the four categories."""
    return {
        each: {"severity": "high" if each in filtered else "safe", "filtered": each in filtered} for each in CATEGORIES
    }


def prompt_results() -> dict[str, Any]:
    """What they found in a good prompt: the four, what is detected or not, and the operator's own lists."""
    detected = {each: {"detected": False, "filtered": False} for each in DETECTED}
    return {**results(), **detected, "custom_blocklists": {"filtered": False, "details": []}}
