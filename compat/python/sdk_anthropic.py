"""The anthropic package."""

import json
import os
from functools import cache
from importlib.metadata import version

import anthropic

from cases import Answer, Call, Refusal, Settings

STOPS = {"end_turn": "stop", "max_tokens": "length", "tool_use": "tools"}
KINDS = {
    anthropic.AuthenticationError: "authentication",
    anthropic.NotFoundError: "not_found",
    anthropic.RateLimitError: "rate_limited",
}


@cache
def client(key: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key=key, base_url=os.environ["LINTEL_URL"], max_retries=0)


class Chat:
    def __init__(self, settings: Settings):
        self.api = client(settings.key).messages
        self.stream = settings.stream
        self.messages = []
        self.body = {
            "model": settings.model,
            "messages": self.messages,
            "max_tokens": settings.max_tokens or 4000,
        }
        if settings.system:
            self.body["system"] = settings.system
        if settings.tools:
            self.body["tools"] = [
                {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
                for tool in settings.tools
            ]
        if settings.thinking:
            self.body["thinking"] = {"type": "enabled", "budget_tokens": 2000}
        if settings.schema:
            self.body["output_config"] = {"format": {"type": "json_schema", "schema": settings.schema}}

    def say(self, text: str, image: str = "") -> Answer:
        content = [{"type": "text", "text": text}]
        if image:
            source = {"type": "base64", "media_type": "image/png", "data": image}
            content.append({"type": "image", "source": source})
        self.messages.append({"role": "user", "content": content})
        return self.ask()

    def give(self, results: list) -> Answer:
        content = [
            {"type": "tool_result", "tool_use_id": call.id, "content": json.dumps(value)} for call, value in results
        ]
        self.messages.append({"role": "user", "content": content})
        return self.ask()

    def message(self):
        if not self.stream:
            return self.api.create(**self.body)
        with self.api.stream(**self.body) as events:
            return events.get_final_message()

    def ask(self) -> Answer:
        message = self.message()
        self.messages.append({"role": "assistant", "content": message.content})
        return Answer(
            text="".join(block.text for block in message.content if block.type == "text"),
            stop=STOPS.get(message.stop_reason, message.stop_reason),
            input=message.usage.input_tokens,
            output=message.usage.output_tokens,
            thoughts="".join(block.thinking for block in message.content if block.type == "thinking"),
            calls=[Call(block.id, block.name, block.input) for block in message.content if block.type == "tool_use"],
        )


class Sdk:
    name = f"python anthropic {version('anthropic')}"

    def chat(self, settings: Settings) -> Chat:
        return Chat(settings)

    def models(self, key: str) -> list:
        return [model.id for model in client(key).models.list()]

    def refusal(self, thrown: Exception) -> Refusal:
        kind = KINDS.get(type(thrown))
        if not kind:
            return Refusal()
        return Refusal(kind, thrown.status_code, thrown.response.headers.get("retry-after", ""))


SDKS = [Sdk()]
