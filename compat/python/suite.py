"""Asks every SDK with every provider, whole and streamed; one line a case goes into $COMPAT_RESULTS."""

import os
import sys

import sdk_anthropic
import sdk_bedrock
import sdk_cohere
import sdk_google
import sdk_openai
import sdk_openai_socket
from cases import WITH_GATEWAY, WITH_PROVIDER, Settings
from services import SERVICES

PROVIDERS = ("openai", "responses", "anthropic", "gemini", "cohere", "bedrock")
# What not every SDK can, and nobody streams.
OPTIONAL = {"vectors": "vectors", "ranking": "ranking", "list of models": "models"}
SDKS = [
    sdk
    for module in (sdk_openai, sdk_openai_socket, sdk_anthropic, sdk_google, sdk_cohere, sdk_bedrock)
    for sdk in module.SDKS
]


def run(out, sdk: str, provider: str, stream: bool, name: str, case, finish=lambda: None) -> bool:
    if os.environ.get("COMPAT_ONLY", "") not in sdk:
        return True
    detail = ""
    try:
        case()
    except Exception as failure:
        detail = f"{type(failure).__name__}: {failure}"
    finally:
        finish()
    mode = "streamed" if stream else "whole"
    outcome = "failed" if detail else "passed"
    print(sdk, provider, mode, name, outcome, " ".join(detail.split())[:400], sep="\t", file=out, flush=True)
    return not detail


def asked(out, sdk, provider: str, settings: Settings, name: str, case) -> bool:
    finish = getattr(sdk, "finish", lambda: None)
    return run(out, sdk.name, provider, settings.stream, name, lambda: case(sdk, settings), finish)


def main() -> int:
    good = True
    with open(os.environ["COMPAT_RESULTS"], "a", encoding="utf-8") as out:
        for sdk in SDKS:
            for stream in (True,) if hasattr(sdk, "streams_only") else (False, True):
                for provider in PROVIDERS:
                    for name, case in WITH_PROVIDER.items():
                        good &= asked(out, sdk, provider, Settings(provider, stream), name, case)
                for name, case in WITH_GATEWAY.items():
                    if name in OPTIONAL and (stream or not hasattr(sdk, OPTIONAL[name])):
                        continue
                    good &= asked(out, sdk, "gateway", Settings("openai", stream), name, case)
        for sdk, provider, stream, name, case in SERVICES:
            good &= run(out, sdk, provider, stream, name, case)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
