"""The cohere package, its second API."""

import json
import os
from functools import cache
from importlib.metadata import version

import cohere
from cohere.core import ApiError

from cases import Answer, Call, Refusal, Settings

STOPS = {"COMPLETE": "stop", "MAX_TOKENS": "length", "TOOL_CALL": "tools"}
KINDS = {
    cohere.UnauthorizedError: "authentication",
    cohere.NotFoundError: "not_found",
    cohere.TooManyRequestsError: "rate_limited",
}


@cache
def client(key: str) -> cohere.ClientV2:
    return cohere.ClientV2(api_key=key, base_url=os.environ["LINTEL_URL"], max_retries=0)


def whole(events) -> tuple:
    """The SDK gives a stream's events and leaves it to its users to add them up."""
    content, calls, plan, end = {}, {}, "", None
    for event in events:
        delta = event.delta if hasattr(event, "delta") else None
        if event.type == "content-start":
            item = delta.message.content
            content[event.index] = {"type": item.type, item.type: getattr(item, item.type) or ""}
        elif event.type == "content-delta":
            item = content[event.index]
            item[item["type"]] += getattr(delta.message.content, item["type"]) or ""
        elif event.type == "tool-plan-delta":
            plan += delta.message.tool_plan
        elif event.type == "tool-call-start":
            calls[event.index] = delta.message.tool_calls.model_dump()
        elif event.type == "tool-call-delta":
            calls[event.index]["function"]["arguments"] += delta.message.tool_calls.function.arguments
        elif event.type == "message-end":
            end = delta
    message = {"role": "assistant"}
    if content:
        message["content"] = list(content.values())
    if calls:
        message["tool_calls"] = list(calls.values())
    if plan:
        message["tool_plan"] = plan
    return message, end and end.finish_reason, end and end.usage


class Chat:
    def __init__(self, settings: Settings):
        self.api = client(settings.key)
        self.stream = settings.stream
        self.messages = [{"role": "system", "content": settings.system}] if settings.system else []
        self.body = {"model": settings.model, "messages": self.messages}
        if settings.tools:
            self.body["tools"] = [{"type": "function", "function": vars(tool)} for tool in settings.tools]
        if settings.max_tokens:
            self.body["max_tokens"] = settings.max_tokens
        if settings.thinking:
            self.body["thinking"] = {"type": "enabled", "token_budget": 2000}
        if settings.schema:
            self.body["response_format"] = {"type": "json_object", "json_schema": settings.schema}

    def say(self, text: str, image: str = "") -> Answer:
        content = text
        if image:
            url = {"url": "data:image/png;base64," + image}
            content = [{"type": "text", "text": text}, {"type": "image_url", "image_url": url}]
        self.messages.append({"role": "user", "content": content})
        return self.ask()

    def give(self, results: list) -> Answer:
        for call, value in results:
            self.messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps(value)})
        return self.ask()

    def message(self) -> tuple:
        if self.stream:
            return whole(self.api.chat_stream(**self.body))
        reply = self.api.chat(**self.body)
        return reply.message.model_dump(exclude_none=True), reply.finish_reason, reply.usage

    def ask(self) -> Answer:
        message, reason, usage = self.message()
        self.messages.append(message)
        content = message.get("content", [])
        billed = usage and usage.billed_units
        return Answer(
            text="".join(item.get("text", "") for item in content),
            stop=STOPS.get(reason, reason),
            input=billed and billed.input_tokens,
            output=billed and billed.output_tokens,
            thoughts="".join(item.get("thinking", "") for item in content),
            calls=[
                Call(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
                for call in message.get("tool_calls", [])
            ],
        )


class Sdk:
    name = f"python cohere {version('cohere')}"

    def chat(self, settings: Settings) -> Chat:
        return Chat(settings)

    def vectors(self, key: str, model: str, texts: list) -> tuple:
        reply = client(key).embed(
            model=model, texts=texts, input_type="search_document", embedding_types=["float"], output_dimension=64
        )
        return reply.embeddings.float_, reply.meta.billed_units.input_tokens

    def ranking(self, key: str, model: str, query: str, documents: list) -> list:
        reply = client(key).rerank(model=model, query=query, documents=documents)
        return [(row.index, row.relevance_score) for row in reply.results]

    def models(self, key: str) -> list:
        return [model.name for model in client(key).models.list().models]

    def refusal(self, thrown: Exception) -> Refusal:
        kind = KINDS.get(type(thrown))
        if not kind or not isinstance(thrown, ApiError):
            return Refusal()
        return Refusal(kind, thrown.status_code, (thrown.headers or {}).get("retry-after", ""))


SDKS = [Sdk()]
