"""Asks every SDK with every provider, whole and streamed; one line a case goes into $COMPAT_RESULTS."""

import os
import sys

import sdk_anthropic
import sdk_bedrock
import sdk_cohere
import sdk_google
import sdk_openai
from cases import WITH_GATEWAY, WITH_PROVIDER, Settings

PROVIDERS = ("openai", "responses", "anthropic", "gemini", "cohere", "bedrock")
# What not every SDK can, and nobody streams.
OPTIONAL = {"vectors": "vectors", "ranking": "ranking", "list of models": "models"}
SDKS = [
    sdk
    for module in (sdk_openai, sdk_anthropic, sdk_google, sdk_cohere, sdk_bedrock)
    for sdk in module.SDKS
]


def run(out, sdk, provider: str, settings: Settings, name: str, case) -> bool:
    detail = ""
    try:
        case(sdk, settings)
    except Exception as failure:
        detail = f"{type(failure).__name__}: {failure}"
    mode = "streamed" if settings.stream else "whole"
    outcome = "failed" if detail else "passed"
    print(sdk.name, provider, mode, name, outcome, " ".join(detail.split())[:400], sep="\t", file=out, flush=True)
    return not detail


def main() -> int:
    good = True
    with open(os.environ["COMPAT_RESULTS"], "a", encoding="utf-8") as out:
        for sdk in SDKS:
            for stream in (False, True):
                for provider in PROVIDERS:
                    for name, case in WITH_PROVIDER.items():
                        good &= run(out, sdk, provider, Settings(provider, stream), name, case)
                for name, case in WITH_GATEWAY.items():
                    if name in OPTIONAL and (stream or not hasattr(sdk, OPTIONAL[name])):
                        continue
                    good &= run(out, sdk, "gateway", Settings("openai", stream), name, case)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
