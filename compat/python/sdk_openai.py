"""The openai package: chat, the same as it addresses Azure, and responses."""

import json
import os
from functools import cache
from importlib.metadata import version

import openai

from cases import Answer, Call, Refusal, Settings

CHAT_STOPS = {"stop": "stop", "length": "length", "tool_calls": "tools"}
KINDS = {
    openai.AuthenticationError: "authentication",
    openai.NotFoundError: "not_found",
    openai.RateLimitError: "rate_limited",
}


@cache
def plain(key: str) -> openai.OpenAI:
    return openai.OpenAI(api_key=key, base_url=os.environ["LINTEL_URL"] + "/v1", max_retries=0)


@cache
def azure(key: str) -> openai.AzureOpenAI:
    """It puts the deployment into the path, and the key into `api-key`."""
    endpoint = os.environ["LINTEL_URL"]
    return openai.AzureOpenAI(api_key=key, azure_endpoint=endpoint, api_version="2024-10-21", max_retries=0)


def data_url(image: str) -> str:
    return "data:image/png;base64," + image


def refusal(thrown: Exception) -> Refusal:
    kind = KINDS.get(type(thrown))
    if not kind:
        return Refusal()
    return Refusal(kind, thrown.status_code, thrown.response.headers.get("retry-after", ""))


class Chat:
    def __init__(self, client, settings: Settings):
        self.client = client
        self.stream = settings.stream
        self.messages = [{"role": "system", "content": settings.system}] if settings.system else []
        self.body = {"model": settings.model, "messages": self.messages}
        if settings.tools:
            self.body["tools"] = [
                {"type": "function", "function": {**vars(tool), "strict": True}} for tool in settings.tools
            ]
        if settings.max_tokens:
            self.body["max_completion_tokens"] = settings.max_tokens
        if settings.thinking:
            self.body["reasoning_effort"] = "high"
        if settings.schema:
            form = {"name": "answer", "strict": True, "schema": settings.schema}
            self.body["response_format"] = {"type": "json_schema", "json_schema": form}

    def say(self, text: str, image: str = "") -> Answer:
        content = text
        if image:
            content = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": data_url(image)}}]
        self.messages.append({"role": "user", "content": content})
        return self.ask()

    def give(self, results: list) -> Answer:
        for call, value in results:
            self.messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps(value)})
        return self.ask()

    def completion(self):
        if not self.stream:
            return self.client.chat.completions.create(**self.body)
        try:
            with self.client.chat.completions.stream(**self.body, stream_options={"include_usage": True}) as events:
                return events.get_final_completion()
        except openai.LengthFinishReasonError as cut:
            # How this helper tells of that end, with what there is.
            return cut.completion

    def ask(self) -> Answer:
        completion = self.completion()
        choice = completion.choices[0]
        self.messages.append(choice.message)
        usage = completion.usage
        return Answer(
            text=choice.message.content or "",
            stop=CHAT_STOPS.get(choice.finish_reason, choice.finish_reason),
            input=usage and usage.prompt_tokens,
            output=usage and usage.completion_tokens,
            # A vendor's own field, which the SDK keeps beside those that it knows.
            thoughts=getattr(choice.message, "reasoning_content", None) or "",
            calls=[
                Call(call.id, call.function.name, json.loads(call.function.arguments))
                for call in choice.message.tool_calls or []
            ],
        )


class ChatSdk:
    def __init__(self, api: str, client):
        self.name = f"python openai {version('openai')} {api}".strip()
        self.client = client

    def chat(self, settings: Settings) -> Chat:
        return Chat(self.client(settings.key), settings)

    def vectors(self, key: str, model: str, texts: list) -> tuple:
        # Without a format the SDK asks for base64 and unpacks it.
        reply = self.client(key).embeddings.create(model=model, input=texts, dimensions=64)
        return [row.embedding for row in reply.data], reply.usage.prompt_tokens

    def models(self, key: str) -> list:
        return [model.id for model in self.client(key).models.list()]

    def refusal(self, thrown: Exception) -> Refusal:
        return refusal(thrown)


class Responses:
    """The whole conversation is sent each time."""

    def __init__(self, settings: Settings):
        self.client = plain(settings.key)
        self.stream = settings.stream
        self.input = []
        self.body = {"model": settings.model, "input": self.input, "store": False}
        if settings.system:
            self.body["instructions"] = settings.system
        if settings.tools:
            self.body["tools"] = [{"type": "function", "strict": True, **vars(tool)} for tool in settings.tools]
        if settings.max_tokens:
            self.body["max_output_tokens"] = settings.max_tokens
        if settings.thinking:
            self.body["reasoning"] = {"effort": "high", "summary": "auto"}
            self.body["include"] = ["reasoning.encrypted_content"]
        if settings.schema:
            form = {"type": "json_schema", "name": "answer", "strict": True, "schema": settings.schema}
            self.body["text"] = {"format": form}

    def say(self, text: str, image: str = "") -> Answer:
        content = [{"type": "input_text", "text": text}]
        if image:
            content.append({"type": "input_image", "detail": "auto", "image_url": data_url(image)})
        self.input.append({"role": "user", "content": content})
        return self.ask()

    def give(self, results: list) -> Answer:
        for call, value in results:
            self.input.append({"type": "function_call_output", "call_id": call.id, "output": json.dumps(value)})
        return self.ask()

    def response(self):
        if not self.stream:
            return self.client.responses.create(**self.body)
        last = None
        # The helper `stream()` knows of no end but `response.completed`.
        for event in self.client.responses.create(**self.body, stream=True):
            if event.type in ("response.completed", "response.incomplete"):
                last = event.response
        if last is None:
            raise EOFError("the stream ended without a response")
        return last

    def ask(self) -> Answer:
        response = self.response()
        self.input.extend(response.output)
        calls = [item for item in response.output if item.type == "function_call"]
        stop = response.status
        if stop == "completed":
            stop = "tools" if calls else "stop"
        elif response.incomplete_details and response.incomplete_details.reason == "max_output_tokens":
            stop = "length"
        thoughts = [part.text for item in response.output if item.type == "reasoning" for part in item.summary]
        return Answer(
            text=response.output_text,
            stop=stop,
            input=response.usage and response.usage.input_tokens,
            output=response.usage and response.usage.output_tokens,
            thoughts="".join(thoughts),
            calls=[Call(call.call_id, call.name, json.loads(call.arguments)) for call in calls],
        )


class ResponsesSdk:
    name = f"python openai {version('openai')} Responses"

    def chat(self, settings: Settings) -> Responses:
        return Responses(settings)

    def refusal(self, thrown: Exception) -> Refusal:
        return refusal(thrown)


SDKS = [ChatSdk("", plain), ChatSdk("Azure", azure), ResponsesSdk()]
