"""What the SDKs ask beside chats."""

import io
import json
import time
from base64 import b64decode
from importlib.metadata import version

import sdk_anthropic
import sdk_google
from cases import KEY, check
from sdk_openai import plain

SERVICES = []
QUESTION = [{"role": "user", "content": "Tell me of gates"}]


def service(package: str, name: str, provider: str = "openai", stream: bool = False):
    """Lists a case."""

    def listed(case):
        SERVICES.append((f"python {package} {version(package)}", provider, stream, name, case))
        return case

    return listed


def sound(size: int) -> tuple:
    return "a.mp3", io.BytesIO(bytes(size)), "audio/mpeg"


@service("openai", "legacy completion")
def completion() -> None:
    reply = plain(KEY).completions.create(model="openai", prompt="Tell me of gates")
    check("gates" in reply.choices[0].text, reply.choices[0].text)


@service("openai", "picture")
def picture() -> None:
    reply = plain(KEY).images.generate(model="openai", prompt="red", n=2)
    check(len(reply.data) == 2, f"{len(reply.data)} pictures")
    check(b64decode(reply.data[0].b64_json)[1:4] == b"PNG", "no PNG")


@service("openai", "edit of a picture")
def edit() -> None:
    reply = plain(KEY).images.edit(model="openai", image=("a.png", bytes(100), "image/png"), prompt="blue")
    check(len(reply.data) == 1, f"{len(reply.data)} pictures")


@service("openai", "speech", stream=True)
def speech() -> None:
    request = {"model": "openai", "input": "Hello", "voice": "alloy"}
    with plain(KEY).audio.speech.with_streaming_response.create(**request) as reply:
        check(reply.headers["content-type"] == "audio/mpeg", f"type {reply.headers}")
        size = sum(len(piece) for piece in reply.iter_bytes())
    check(size == 444, f"{size} bytes")


@service("openai", "transcription")
def transcription() -> None:
    reply = plain(KEY).audio.transcriptions.create(model="openai", file=sound(3_000_000))
    check("I heard 300" in reply.text, reply.text)


@service("openai", "transcription", stream=True)
def streamed_transcription() -> None:
    events = plain(KEY).audio.transcriptions.create(model="openai", file=sound(5000), stream=True)
    types = [event.type for event in events]
    check(types == ["transcript.text.delta", "transcript.text.done"], f"events {types}")


@service("openai", "moderation")
def moderation() -> None:
    reply = plain(KEY).moderations.create(model="openai", input="violence")
    check(reply.results[0].flagged, f"{reply}")


@service("openai", "realtime", stream=True)
def realtime() -> None:
    with plain(KEY).realtime.connect(model="openai") as connection:
        check(connection.recv().type == "session.created", "no session")
        connection.response.create(response={"instructions": "gates"})
        text = ""
        for event in connection:
            if event.type == "response.output_text.delta":
                text += event.delta
            if event.type == "response.done":
                break
        check("gates" in text, text)


@service("openai", "files and a batch over two providers", "gateway")
def batch() -> None:
    client = plain(KEY)
    lines = [
        {
            "custom_id": provider,
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"model": provider, "messages": QUESTION},
        }
        for provider in ("cohere", "bedrock")
    ]
    requests = "\n".join(json.dumps(line) for line in lines).encode()
    file = client.files.create(purpose="batch", file=("requests.jsonl", requests))
    made = client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    deadline = time.monotonic() + 20
    while made.status not in ("completed", "failed", "expired", "cancelled") and time.monotonic() < deadline:
        time.sleep(0.1)
        made = client.batches.retrieve(made.id)
    check(made.status == "completed" and made.request_counts.completed == 2, f"{made}")
    for line in client.files.content(made.output_file_id).text.splitlines():
        text = json.loads(line)["response"]["body"]["choices"][0]["message"]["content"]
        check("gates" in text, line)
    check(client.files.delete(file.id).deleted, "not deleted")


def counts_for(provider: str) -> None:
    @service("anthropic", "counted tokens", provider)
    def anthropic_count() -> None:
        reply = sdk_anthropic.client(KEY).messages.count_tokens(model=provider, messages=QUESTION)
        check(reply.input_tokens > 0, f"{reply}")

    @service("google-genai", "counted tokens", provider)
    def google_count() -> None:
        reply = sdk_google.client(KEY).models.count_tokens(model=provider, contents="Tell me of gates")
        check(reply.total_tokens > 0, f"{reply}")


for answering in ("openai", "anthropic", "gemini"):
    counts_for(answering)


@service("anthropic", "a batch of messages", "gateway")
def message_batch() -> None:
    batches = sdk_anthropic.client(KEY).messages.batches
    params = {"max_tokens": 100, "messages": QUESTION}
    made = batches.create(
        requests=[{"custom_id": name, "params": {"model": name, **params}} for name in ("openai", "gemini")]
    )
    deadline = time.monotonic() + 20
    while made.processing_status != "ended" and time.monotonic() < deadline:
        time.sleep(0.1)
        made = batches.retrieve(made.id)
    results = {result.custom_id: result.result for result in batches.results(made.id)}
    check(sorted(results) == ["gemini", "openai"], f"{results}")
    for result in results.values():
        check(result.type == "succeeded" and "gates" in result.message.content[0].text, f"{result}")
