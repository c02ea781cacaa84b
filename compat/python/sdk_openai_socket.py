"""The openai package's responses over a WebSocket: a connection a conversation, a frame a turn."""

from importlib.metadata import version

from websockets.exceptions import InvalidStatus

from cases import Refusal, Settings
from sdk_openai import Responses

KINDS = {401: "authentication", 404: "not_found", 429: "rate_limited"}


class ErrorEvent(Exception):
    """An `error` of the connection, for which the SDK has an event and no exception."""

    def __init__(self, event):
        super().__init__(event.to_json())
        self.said = event.to_dict()


class SocketResponses(Responses):
    def __init__(self, settings: Settings):
        super().__init__(settings)
        self.connection = None

    def response(self):
        if self.connection is None:
            self.connection = self.client.responses.connect().enter()
        self.connection.response.create(**self.body)
        for event in self.connection:
            if event.type == "error":
                raise ErrorEvent(event)
            if event.type in ("response.completed", "response.incomplete", "response.failed"):
                return event.response
        raise EOFError("the connection ended without a response")

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()


class Sdk:
    name = f"python openai {version('openai')} Responses, WebSocket"
    streams_only = True

    def __init__(self):
        self.open = []

    def chat(self, settings: Settings) -> SocketResponses:
        self.open.append(SocketResponses(settings))
        return self.open[-1]

    def finish(self) -> None:
        """The case is over."""
        while self.open:
            self.open.pop().close()

    def refusal(self, thrown: Exception) -> Refusal:
        if isinstance(thrown, InvalidStatus):
            status = thrown.response.status_code
            return Refusal(KINDS.get(status, ""), status)
        if not isinstance(thrown, ErrorEvent):
            return Refusal()
        status = thrown.said.get("status", 0)
        wait = thrown.said.get("error", {}).get("lintel", {}).get("retry_after_ms")
        return Refusal(KINDS.get(status, ""), status, str(wait // 1000) if wait else "")


SDKS = [Sdk()]
