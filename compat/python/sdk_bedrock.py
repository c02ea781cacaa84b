"""AWS's boto3: Bedrock's Converse, signed."""

import json
import os
from base64 import b64decode
from functools import cache
from importlib.metadata import version

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from cases import AWS_ID, AWS_SECRET, KEY, Answer, Call, Refusal, Settings

STOPS = {"end_turn": "stop", "max_tokens": "length", "tool_use": "tools"}
KINDS = {
    "AccessDeniedException": "authentication",
    "ResourceNotFoundException": "not_found",
    "ThrottlingException": "rate_limited",
}


@cache
def client(key: str):
    """Signs with the pair that belongs to the suites' key, and with a wrong one for another key."""
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=os.environ["LINTEL_URL"],
        region_name="eu-central-1",
        aws_access_key_id=AWS_ID,
        aws_secret_access_key=AWS_SECRET if key == KEY else key,
        config=Config(retries={"total_max_attempts": 1}),
    )


def whole(events) -> dict:
    """The SDK gives a stream's events and leaves it to its users to add them up."""
    blocks, reason, usage = {}, None, None
    for event in events:
        if "contentBlockStart" in event:
            start = event["contentBlockStart"]
            if "toolUse" in start["start"]:
                blocks[start["contentBlockIndex"]] = {"toolUse": {**start["start"]["toolUse"], "input": ""}}
        elif "contentBlockDelta" in event:
            add(blocks, event["contentBlockDelta"]["contentBlockIndex"], event["contentBlockDelta"]["delta"])
        elif "contentBlockStop" in event:
            block = blocks.get(event["contentBlockStop"]["contentBlockIndex"], {})
            if "toolUse" in block:
                block["toolUse"]["input"] = json.loads(block["toolUse"]["input"])
        elif "messageStop" in event:
            reason = event["messageStop"]["stopReason"]
        elif "metadata" in event:
            usage = event["metadata"]["usage"]
    message = {"role": "assistant", "content": list(blocks.values())}
    return {"output": {"message": message}, "stopReason": reason, "usage": usage}


def add(blocks: dict, index: int, delta: dict) -> None:
    if "text" in delta:
        block = blocks.setdefault(index, {"text": ""})
        block["text"] += delta["text"]
    elif "toolUse" in delta:
        blocks[index]["toolUse"]["input"] += delta["toolUse"]["input"]
    elif "reasoningContent" in delta:
        thought = blocks.setdefault(index, {"reasoningContent": {}})["reasoningContent"]
        piece = delta["reasoningContent"]
        if "redactedContent" in piece:
            thought["redactedContent"] = piece["redactedContent"]
        else:
            text = thought.setdefault("reasoningText", {"text": ""})
            text["text"] += piece.get("text", "")
            if "signature" in piece:
                text["signature"] = piece["signature"]


class Chat:
    def __init__(self, settings: Settings):
        self.api = client(settings.key)
        self.stream = settings.stream
        self.messages = []
        self.body = {
            "modelId": settings.model,
            "messages": self.messages,
            "inferenceConfig": {"maxTokens": settings.max_tokens or 4000},
        }
        if settings.system:
            self.body["system"] = [{"text": settings.system}]
        if settings.tools:
            tools = [
                {
                    "toolSpec": {
                        "name": tool.name,
                        "description": tool.description,
                        "inputSchema": {"json": tool.parameters},
                    }
                }
                for tool in settings.tools
            ]
            self.body["toolConfig"] = {"tools": tools}
        if settings.thinking:
            self.body["additionalModelRequestFields"] = {"thinking": {"type": "enabled", "budget_tokens": 2000}}
        if settings.schema:
            schema = {"name": "answer", "schema": json.dumps(settings.schema)}
            form = {"type": "json_schema", "structure": {"jsonSchema": schema}}
            self.body["outputConfig"] = {"textFormat": form}

    def say(self, text: str, image: str = "") -> Answer:
        content = [{"text": text}]
        if image:
            content.append({"image": {"format": "png", "source": {"bytes": b64decode(image)}}})
        self.messages.append({"role": "user", "content": content})
        return self.ask()

    def give(self, results: list) -> Answer:
        content = [
            {"toolResult": {"toolUseId": call.id, "content": [{"json": value}]}} for call, value in results
        ]
        self.messages.append({"role": "user", "content": content})
        return self.ask()

    def ask(self) -> Answer:
        if self.stream:
            reply = whole(self.api.converse_stream(**self.body)["stream"])
        else:
            reply = self.api.converse(**self.body)
        message = reply["output"]["message"]
        self.messages.append(message)
        content = message["content"]
        usage = reply["usage"] or {}
        thoughts = [block.get("reasoningContent", {}).get("reasoningText", {}).get("text", "") for block in content]
        uses = [block["toolUse"] for block in content if "toolUse" in block]
        return Answer(
            text="".join(block.get("text", "") for block in content),
            stop=STOPS.get(reply["stopReason"], reply["stopReason"]),
            input=usage.get("inputTokens"),
            output=usage.get("outputTokens"),
            thoughts="".join(thoughts),
            calls=[Call(use["toolUseId"], use["name"], use["input"]) for use in uses],
        )


class Sdk:
    name = f"python boto3 {version('boto3')}"
    unauthenticated = 403

    def chat(self, settings: Settings) -> Chat:
        return Chat(settings)

    def refusal(self, thrown: Exception) -> Refusal:
        if not isinstance(thrown, ClientError):
            return Refusal()
        kind = KINDS.get(thrown.response["Error"]["Code"], "")
        told = thrown.response.get("ResponseMetadata", {})
        headers = told.get("HTTPHeaders", {})
        return Refusal(kind, told.get("HTTPStatusCode", 0), headers.get("retry-after", ""))


SDKS = [Sdk()]
