"""The google-genai package."""

import os
from base64 import b64decode
from functools import cache
from importlib.metadata import version

from google import genai
from google.genai import errors, types

from cases import Answer, Call, Refusal, Settings

STOPS = {"STOP": "stop", "MAX_TOKENS": "length"}
KINDS = {401: "authentication", 404: "not_found", 429: "rate_limited"}


@cache
def client(key: str) -> genai.Client:
    options = types.HttpOptions(
        base_url=os.environ["LINTEL_URL"], retry_options=types.HttpRetryOptions(attempts=1)
    )
    return genai.Client(api_key=key, http_options=options)


class Chat:
    def __init__(self, settings: Settings):
        self.settings = settings
        self.api = client(settings.key).models
        self.contents = []
        config = {"automatic_function_calling": {"disable": True}}
        if settings.system:
            config["system_instruction"] = settings.system
        if settings.tools:
            declarations = [
                {"name": tool.name, "description": tool.description, "parameters_json_schema": tool.parameters}
                for tool in settings.tools
            ]
            config["tools"] = [{"function_declarations": declarations}]
        if settings.max_tokens:
            config["max_output_tokens"] = settings.max_tokens
        if settings.thinking:
            config["thinking_config"] = {"include_thoughts": True, "thinking_budget": 2000}
        if settings.schema:
            config["response_mime_type"] = "application/json"
            config["response_json_schema"] = settings.schema
        self.config = config

    def say(self, text: str, image: str = "") -> Answer:
        parts = [types.Part.from_text(text=text)]
        if image:
            parts.append(types.Part.from_bytes(data=b64decode(image), mime_type="image/png"))
        self.contents.append(types.Content(role="user", parts=parts))
        return self.ask()

    def give(self, results: list) -> Answer:
        parts = [
            types.Part(function_response=types.FunctionResponse(id=call.id, name=call.name, response=value))
            for call, value in results
        ]
        self.contents.append(types.Content(role="user", parts=parts))
        return self.ask()

    def chunks(self) -> list:
        body = {"model": self.settings.model, "contents": self.contents, "config": self.config}
        if self.settings.stream:
            return list(self.api.generate_content_stream(**body))
        return [self.api.generate_content(**body)]

    def ask(self) -> Answer:
        chunks = self.chunks()
        candidates = [chunk.candidates[0] for chunk in chunks if chunk.candidates]
        parts = [part for c in candidates if c.content for part in c.content.parts or []]
        self.contents.append(types.Content(role="model", parts=parts))
        calls = [part.function_call for part in parts if part.function_call]
        reasons = [candidate.finish_reason.value for candidate in candidates if candidate.finish_reason]
        reason = reasons[-1] if reasons else None
        usages = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
        usage = usages[-1] if usages else None
        return Answer(
            text="".join(part.text for part in parts if part.text and not part.thought),
            stop="tools" if reason == "STOP" and calls else STOPS.get(reason, reason),
            input=usage and usage.prompt_token_count,
            output=usage and usage.candidates_token_count,
            thoughts="".join(part.text for part in parts if part.text and part.thought),
            calls=[Call(call.id, call.name, call.args or {}) for call in calls],
        )


class Sdk:
    name = f"python google-genai {version('google-genai')}"

    def chat(self, settings: Settings) -> Chat:
        return Chat(settings)

    def vectors(self, key: str, model: str, texts: list) -> tuple:
        config = {"output_dimensionality": 64, "task_type": "RETRIEVAL_DOCUMENT"}
        reply = client(key).models.embed_content(model=model, contents=texts, config=config)
        return [embedding.values for embedding in reply.embeddings], None

    def models(self, key: str) -> list:
        return [model.name.removeprefix("models/") for model in client(key).models.list()]

    def refusal(self, thrown: Exception) -> Refusal:
        if not isinstance(thrown, errors.APIError) or thrown.code not in KINDS:
            return Refusal()
        return Refusal(KINDS[thrown.code], thrown.code, thrown.response.headers.get("retry-after", ""))


SDKS = [Sdk()]
