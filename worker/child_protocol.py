"""What a job's child tells its supervisor: JSON lines through a pipe. The store hears of it from the supervisor alone.

{"progress": 0..1, "message": sentence}      how far it is; only the newest counts
{"event": kind, "data": {...}}               something worth keeping, such as an epoch's figures
{"result": {...}} or {"error": sentence}     the end
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class Reporter:
    """The child's end, to be used in a `with`. Progress never goes back."""

    def __init__(self, channel: int) -> None:
        self._pipe = os.fdopen(channel, "w", encoding="utf-8", errors="replace")  # file names may be no text
        self._share = 0.0

    def __enter__(self) -> "Reporter":
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the channel."""
        self._pipe.close()

    def progress(self, share: float, message: str) -> None:
        """Says how much is done (0..1), with a sentence for a person."""
        self._share = max(self._share, min(share, 1.0))
        self._send({"progress": round(self._share, 4), "message": message})

    def event(self, kind: str, data: Mapping[str, Any]) -> None:
        """Adds an event to the job's own."""
        self._send({"event": kind, "data": dict(data)})

    def result(self, result: Mapping[str, Any]) -> None:
        """Says that the job is done."""
        self._send({"result": dict(result)})

    def error(self, sentence: str) -> None:
        """Says in one sentence why the job cannot be done."""
        self._send({"error": sentence})

    def _send(self, message: Mapping[str, Any]) -> None:
        self._pipe.write(json.dumps(message, ensure_ascii=False) + "\n")
        self._pipe.flush()


@dataclass
class Inbox:
    """The supervisor's end: what has been said and was not passed on yet."""

    channel: int
    progress: tuple[float, str] | None = None
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    result: dict[str, Any] | None = None
    error: str | None = None
    _rest: bytes = b""

    def __post_init__(self) -> None:
        os.set_blocking(self.channel, False)

    def read(self) -> None:
        """Takes in whatever has come; never waits."""
        try:
            while part := os.read(self.channel, 1 << 16):
                self._rest += part
        except BlockingIOError:
            pass
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            self._take(json.loads(line))

    def close(self) -> None:
        """Gives the pipe back."""
        os.close(self.channel)

    def _take(self, message: dict[str, Any]) -> None:
        if "progress" in message:
            self.progress = (message["progress"], message["message"])
        elif "event" in message:
            self.events.append((message["event"], message["data"]))
        elif "result" in message:
            self.result = message["result"]
        else:
            self.error = message["error"]
