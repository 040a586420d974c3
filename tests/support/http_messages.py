"""http_messages - reads HTTP/1.1 as strictly as RFC 9112 writes it, so that a test sees which messages went over.

Anything that two readers could read in two ways raises Unclear.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Callable

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
REQUEST_LINE = re.compile(rb"\A(" + TOKEN + rb") ([^ \x00-\x20\x7f]+) HTTP/1\.([01])\Z")
STATUS_LINE = re.compile(rb"\AHTTP/1\.([01]) ([1-5][0-9][0-9]) ([\t\x20-\x7e\x80-\xff]*)\Z")
FIELD = re.compile(rb"\A(" + TOKEN + rb"):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)\Z")
CHUNK_LINE = re.compile(rb"\A([0-9A-Fa-f]{1,15})\Z")  # what goes on has no extensions
LENGTH = re.compile(rb"\A[0-9]{1,18}\Z")

Source = Callable[[int], bytes]  # returns some bytes, or b"" at the end


class Unclear(Exception):
    """What came is no HTTP/1.1, or could be read in two ways."""


class Ended(Exception):
    """The stream ended within a message; `got` came of it."""

    def __init__(self, got: bytes) -> None:
        super().__init__(f"the stream ended behind {got[-200:]!r}")
        self.got = got


@dataclass
class Message:
    start: bytes
    version: str
    fields: list[tuple[str, str]]
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    method: str = ""
    target: str = ""
    status: int = 0
    reason: str = ""

    def all(self, name: str) -> list[str]:
        return [value for each, value in self.fields if each.lower() == name.lower()]

    def get(self, name: str) -> str | None:
        """The only field of that name."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None


class Reader:
    """Reads messages one after another from what `source` gives."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.pending = b""
        self.ended = False

    def _more(self) -> bool:
        data = b"" if self.ended else self._source(65536)
        self.ended = self.ended or not data
        self.pending += data
        return bool(data)

    def _line(self) -> bytes:
        while b"\n" not in self.pending:
            if not self._more():
                raise Ended(self.pending)
        line, self.pending = self.pending.split(b"\n", 1)
        if not line.endswith(b"\r") or b"\r" in line[:-1] or b"\0" in line:
            raise Unclear(f"a line that is no line: {line!r}")
        return line[:-1]

    def _exactly(self, count: int) -> bytes:
        while len(self.pending) < count:
            if not self._more():
                raise Ended(self.pending)
        data, self.pending = self.pending[:count], self.pending[count:]
        return data

    def _fields(self) -> list[tuple[str, str]]:
        fields = []
        while line := self._line():
            match = FIELD.match(line)
            if not match:
                raise Unclear(f"no field: {line!r}")
            fields.append((match[1].decode(), match[2].decode("latin-1").strip(" \t")))
        return fields

    def _chunked(self, message: Message) -> None:
        while True:
            line = self._line()
            match = CHUNK_LINE.match(line)
            if not match:
                raise Unclear(f"no chunk size: {line!r}")
            size = int(match[1], 16)
            if size == 0:
                break
            message.chunks.append(self._exactly(size))
            if self._exactly(2) != b"\r\n":
                raise Unclear("a chunk is longer than its size")
        message.body = b"".join(message.chunks)
        message.trailers = self._fields()

    def _framing(self, message: Message) -> int | None:
        """The length of the body; None for chunked, -1 where none is declared."""
        lengths, codings = message.all("content-length"), message.all("transfer-encoding")
        if codings and (lengths or codings != ["chunked"] or message.version == "1.0"):
            raise Unclear(f"{codings} with {lengths} in HTTP/{message.version}")
        if codings:
            return None
        if not lengths:
            return -1
        if len(lengths) > 1 or not LENGTH.match(lengths[0].encode("latin-1")):
            raise Unclear(f"lengths: {lengths}")
        return int(lengths[0])

    def _body(self, message: Message, until_close: bool) -> None:
        length = self._framing(message)
        if length is None:
            self._chunked(message)
        elif length >= 0:
            message.body = self._exactly(length)
        elif until_close:
            while self._more():
                pass
            message.body, self.pending = self.pending, b""

    def head(self, first: bytes | None = None) -> Message:
        """The head alone, of a request or an answer."""
        line = self._line() if first is None else first
        if match := REQUEST_LINE.match(line):
            return Message(line, "1." + match[3].decode(), self._fields(), method=match[1].decode(),
                           target=match[2].decode("latin-1"))
        if match := STATUS_LINE.match(line):
            return Message(line, "1." + match[1].decode(), self._fields(), status=int(match[2]),
                           reason=match[3].decode("latin-1"))
        raise Unclear(f"neither a request line nor a status line: {line!r}")

    def request(self, on_head: Callable[[Message], None] | None = None) -> Message | None:
        """The next request; None where the stream ends before it. `on_head` sees its head before its body is read."""
        if not self.pending and not self._more():
            return None
        message = self.head()
        if not message.method:
            raise Unclear(f"no request: {message.start!r}")
        if message.version == "1.1" and len(message.all("host")) != 1:
            raise Unclear(f"Host came {len(message.all('host'))} times")
        if on_head:
            on_head(message)
        self._body(message, until_close=False)
        return message

    def answer(self, method: str = "GET") -> Message:
        """The next answer, interim ones (1xx) too."""
        message = self.head()
        if not message.status:
            raise Unclear(f"no answer: {message.start!r}")
        if method != "HEAD" and message.status >= 200 and message.status not in (204, 304):
            self._body(message, until_close=True)
        return message

    def final_answer(self, method: str = "GET") -> Message:
        while True:
            message = self.answer(method)
            if message.status >= 200 or message.status == 101:
                return message
