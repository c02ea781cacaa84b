"""What every SDK must manage with every provider, whole and streamed: the cases of ../npm/cases.js.

A wrapper has `name`, `chat(Settings)` with `say` and `give`, and `refusal(exception)`; where its SDK
can: `vectors`, `models`.
"""

import json
import struct
from dataclasses import dataclass, field, replace
from typing import Any

KEY = "sk-compat-0001"
# Of the same app: AWS's SDKs sign with it.
AWS_ID, AWS_SECRET = "AKIDCOMPAT0001", "compat-secret-0001"

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


@dataclass(frozen=True)
class Tool:
    name: str
    description: str
    parameters: dict


def closed(properties: dict) -> dict:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


WEATHER = Tool(
    "get_weather",
    "The weather of a city",
    closed({"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}}),
)
CLOCK = Tool(
    "read_clock", "The time of a zone", closed({"zone": {"type": "string"}, "seconds": {"type": "boolean"}})
)
PING = Tool("ping_server", "Whether the server is there", closed({}))
CITY = closed({"city": {"type": "string"}, "inhabitants": {"type": "integer"}})


@dataclass(frozen=True)
class Settings:
    model: str
    stream: bool
    key: str = KEY
    system: str = ""
    tools: tuple = ()
    max_tokens: int = 0
    thinking: bool = False
    schema: dict | None = None

    def but(self, **changes: Any) -> "Settings":
        return replace(self, **changes)


@dataclass(frozen=True)
class Call:
    id: str
    name: str
    arguments: dict


@dataclass(frozen=True)
class Answer:
    text: str
    stop: str | None
    input: int | None
    output: int | None
    thoughts: str = ""
    calls: list = field(default_factory=list)


@dataclass(frozen=True)
class Refusal:
    """`kind` is empty where the exception is not one that the SDK has for refusals."""

    kind: str = ""
    status: int = 0
    retry_after: str = ""


def check(holds: Any, said: str) -> None:
    if not holds:
        raise AssertionError(said)


def counted(answer: Answer) -> None:
    check((answer.input or 0) > 0, f"input tokens are {answer.input}")
    check((answer.output or 0) > 0, f"output tokens are {answer.output}")


def complete(answer: Answer, word: str) -> None:
    check(word in answer.text, f'no "{word}" in: {answer.text}')
    check(answer.stop == "stop", f"stopped by {answer.stop}")
    counted(answer)


def asks_for_both(answer: Answer) -> None:
    check(answer.stop == "tools", f"stopped by {answer.stop}: {answer.text}")
    given = {call.name: call.arguments for call in answer.calls}
    check(len(answer.calls) == 2 and sorted(given) == ["get_weather", "read_clock"], f"calls are {answer.calls}")
    check(isinstance(given["get_weather"]["city"], str), f"city in {given}")
    check(given["get_weather"]["unit"] in ("celsius", "fahrenheit"), f"unit in {given}")
    check(isinstance(given["read_clock"]["zone"], str), f"zone in {given}")
    check(isinstance(given["read_clock"]["seconds"], bool), f"seconds in {given}")
    counted(answer)


def results(answer: Answer) -> list:
    values = {"get_weather": {"sky": "cloudless"}, "read_clock": {"time": "midnight"}}
    return [(call, values[call.name]) for call in answer.calls]


def plain_text(sdk: Any, settings: Settings) -> None:
    complete(sdk.chat(settings).say("Tell me of gates"), "gates")


def system_prompt(sdk: Any, settings: Settings) -> None:
    bare = sdk.chat(settings).say("Tell me of gates")
    guided = settings.but(system="You are a lintel above a door and speak of nothing but stone.")
    answer = sdk.chat(guided).say("Tell me of gates")
    complete(answer, "gates")
    check(answer.input > bare.input, f"{answer.input} input tokens, {bare.input} without")


def parallel_tools(sdk: Any, settings: Settings) -> None:
    chat = sdk.chat(settings.but(tools=(WEATHER, CLOCK, PING)))
    asked = chat.say("What say weather and clock in Oslo?")
    asks_for_both(asked)
    told = chat.give(results(asked))
    complete(told, "cloudless")
    complete(told, "midnight")


def tool_without_arguments(sdk: Any, settings: Settings) -> None:
    chat = sdk.chat(settings.but(tools=(PING,)))
    asked = chat.say("Please ping it")
    check(asked.stop == "tools", f"stopped by {asked.stop}")
    check([(call.name, call.arguments) for call in asked.calls] == [("ping_server", {})], f"calls are {asked.calls}")
    complete(chat.give([(asked.calls[0], {"pong": "indeed"})]), "indeed")


def structured_output(sdk: Any, settings: Settings) -> None:
    answer = sdk.chat(settings.but(schema=CITY)).say("Name a city")
    value = json.loads(answer.text)
    check(sorted(value) == ["city", "inhabitants"], f"members of {value}")
    check(isinstance(value["city"], str) and isinstance(value["inhabitants"], int), f"types in {value}")
    check(answer.stop == "stop", f"stopped by {answer.stop}")


def thinking_loop(sdk: Any, settings: Settings) -> None:
    """The simulated provider refuses what comes back without the signatures that it gave."""
    chat = sdk.chat(settings.but(thinking=True, tools=(WEATHER, CLOCK)))
    for question in ("What say weather and clock in Oslo?", "And weather and clock in Rome?"):
        asked = chat.say(question)
        asks_for_both(asked)
        check(asked.thoughts, "no thoughts")
        complete(chat.give(results(asked)), "cloudless")


def thinking_while_providers_change(sdk: Any, settings: Settings) -> None:
    thinking_loop(sdk, settings.but(model=settings.model + "-relay"))


def image(sdk: Any, settings: Settings) -> None:
    bare = sdk.chat(settings).say("What is seen here?")
    answer = sdk.chat(settings).say("What is seen here?", PNG)
    complete(answer, "seen")
    check(answer.input > bare.input + 100, f"{answer.input} input tokens, {bare.input} without")


def stop_by_length(sdk: Any, settings: Settings) -> None:
    answer = sdk.chat(settings.but(max_tokens=5)).say("Tell me of gates at length")
    check(answer.stop == "length", f"stopped by {answer.stop}")
    check(answer.text, "no text")
    counted(answer)


def refused(sdk: Any, settings: Settings, kind: str, status: int) -> Refusal:
    try:
        answer = sdk.chat(settings).say("Hello")
    except Exception as thrown:
        refusal = sdk.refusal(thrown)
        check(refusal.kind == kind, f"{refusal.kind or 'no refusal'}: {thrown!r}")
        check(refusal.status == status, f"status {refusal.status}: {thrown!r}")
        return refusal
    raise AssertionError(f"answered: {answer.text}")


def rate_limited(sdk: Any, settings: Settings) -> None:
    refusal = refused(sdk, settings.but(model=settings.model + "-limited"), "rate_limited", 429)
    check(refusal.retry_after == "7", f"retry after {refusal.retry_after}")


def broken(suffix: str):
    def never_looks_complete(sdk: Any, settings: Settings) -> None:
        try:
            answer = sdk.chat(settings.but(model=settings.model + suffix)).say("Tell me of gates")
        except AssertionError:
            raise
        except Exception as thrown:
            check(not sdk.refusal(thrown).kind, f"refused: {thrown!r}")
            return
        check(answer.stop not in ("stop", "length", "tools"), f"complete: {answer.text}")

    return never_looks_complete


def failover(sdk: Any, settings: Settings) -> None:
    complete(sdk.chat(settings.but(model=settings.model + "-failover")).say("Tell me of gates"), "gates")


WITH_PROVIDER = {
    "plain text": plain_text,
    "system prompt": system_prompt,
    "parallel tools and their results": parallel_tools,
    "tool without arguments": tool_without_arguments,
    "structured output": structured_output,
    "thinking in a tool loop": thinking_loop,
    "thinking while providers change": thinking_while_providers_change,
    "image": image,
    "stop by length": stop_by_length,
    "rate limited": rate_limited,
    "broken: connection reset": broken("-reset"),
    "broken: no end": broken("-unterminated"),
    "broken: error amid": broken("-error"),
    "failover": failover,
}


def vectors(sdk: Any, settings: Settings) -> None:
    rounded = None
    for provider in ("openai", "gemini", "cohere"):
        found, tokens = sdk.vectors(settings.key, f"sim-{provider}/embed", ["a heavy beam", "a small cat"])
        check(len(found) == 2 and len(found[1]) == 64, f"{len(found)} vectors")
        check(found[0] != found[1], "both vectors are the same")
        check(tokens is None or tokens > 0, f"input tokens are {tokens}")
        floats = [struct.pack(f"{len(vector)}f", *vector) for vector in found]
        rounded = rounded or floats
        check(floats == rounded, f"the vectors of {provider} are others")


def ranking(sdk: Any, settings: Settings) -> None:
    documents = ["a small cat", "a heavy beam above a gate"]
    for provider in ("openai", "cohere"):
        ranked = sdk.ranking(settings.key, f"sim-{provider}/rank", "what is above the gate?", documents)
        check([index for index, _ in ranked] == [1, 0], f"ranked {ranked}")
        check(ranked[0][1] > ranked[1][1], f"ranked {ranked}")


def wrong_key(sdk: Any, settings: Settings) -> None:
    wrong = settings.but(model="openai", key="sk-nobody-0000")
    refused(sdk, wrong, "authentication", getattr(sdk, "unauthenticated", 401))


def unknown_model(sdk: Any, settings: Settings) -> None:
    refused(sdk, settings.but(model="no-such-model"), "not_found", 404)


def list_of_models(sdk: Any, settings: Settings) -> None:
    ids = sdk.models(settings.key)
    for name in ("openai", "anthropic", "gemini", "bedrock-failover"):
        check(name in ids, f"no {name} in {ids}")


WITH_GATEWAY = {
    "vectors": vectors,
    "ranking": ranking,
    "wrong key": wrong_key,
    "unknown model": unknown_model,
    "list of models": list_of_models,
}
