"""http_faults - messages that break a rule of HTTP go through chainmend in several cuts; and all that has to become
of them.

What must not reach the other side has MARK in it.
"""

from __future__ import annotations

import http.client
from contextlib import contextmanager
from typing import Any, Callable, Iterable, Iterator

from http_messages import Message
from http_servers import NAME, HttpBackend, HttpClient, HttpSite, Visit, answer
from metrics_text import read_metrics
from program import Program, eventually, free_port

MARK = "smuggled"
SHORT_BYTES = 400  # what is longer does not come byte by byte
PIECE_BYTES = 97
GOOD = f"GET /good HTTP/1.1\r\nHost: {NAME}\r\n\r\n"


def encoded(data: bytes | str) -> bytes:
    return data.encode("latin-1") if isinstance(data, str) else data


def request(*fields: str, method: str = "POST", target: str = f"/{MARK}", version: str = "1.1", body: str = "") -> str:
    lines = [f"{method} {target} HTTP/{version}", f"Host: {NAME}", *fields]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def chunked(body: str, *fields: str, target: str = "/begun") -> str:
    return request("Transfer-Encoding: chunked", *fields, target=target, body=body)


def cuts(data: bytes) -> list[list[bytes]]:
    """As one piece, and in pieces: single bytes, where that does not take long. Each is a TLS record."""
    size = 1 if len(data) <= SHORT_BYTES else PIECE_BYTES
    return [[data], [data[start:start + size] for start in range(0, len(data), size)]]


class Faults:
    """chainmend before a backend, and what it counts and logs of messages that it refuses."""

    def __init__(self, program: Program, world: Any, backend: HttpBackend, **keys: object) -> None:
        self.admin = free_port()
        self.site = HttpSite(program, world, backend, {"admin": f"127.0.0.1:{self.admin}"}, **keys)
        self.backend = backend
        program.wait_listening(self.site.running, [self.admin])

    def counted(self, what: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=30)
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        return int(read_metrics(text)[f"chainmend_http_{what}_refused_total"].value(site="mail"))

    @contextmanager
    def _watched(self, what: str, words: str) -> Iterator[list[bytes]]:
        """Around faults, whose bytes are put on the list that it yields: each is counted, their rule stands in the
        log, and a request of another client, which comes in two halves around them, does not notice."""
        faults: list[bytes] = []
        before, said = self.counted(what), len(self.site.running.stderr)
        with self.site.client() as bystander:
            bystander.send(request("Content-Length: 4", target="/bystander", body="ab"))
            yield faults
            bystander.send("cd")
            got = bystander.reader.final_answer()
            assert (got.status, got.body) == (200, b"POST /bystander abcd")
        eventually(f"{len(faults)} refused {what} counted", lambda: self.counted(what) == before + len(faults),
                   also=lambda: f"It is {self.counted(what)}, from {before}.")
        self.site.running.wait_for_words(words, said)

    def assert_refused_requests(self, status: int, words: str, faults: Iterable[bytes | str],
                                mark: str = MARK) -> None:
        """Each gets this status, alone in each cut and behind a good request, and its connection a clean end."""
        with self._watched("requests", words) as refused:
            for fault in map(encoded, faults):
                for lead, pieces in [*(("", cut) for cut in cuts(fault)), (GOOD, [fault])]:
                    refused.append(fault)
                    self._assert_refused(status, words, encoded(lead), pieces)
        for visit in self.backend.visits:
            assert mark.encode() not in visit.raw, visit.raw
        self.backend.assert_clean()

    def _assert_refused(self, status: int, words: str, lead: bytes, pieces: list[bytes]) -> None:
        fault = b"".join(pieces)
        with self.site.client() as client:
            if lead:
                client.send(lead + pieces[0])
                assert client.reader.answer().body == b"GET /good ", fault
            for piece in pieces[1:] if lead else pieces:
                client.send(piece)
            got = client.reader.final_answer()
            assert got.status == status, f"{got.status} for {fault!r}"
            assert words.split(" (RFC ")[0].encode() in got.body, f"{got.body!r} for {fault!r}"
            assert got.get("connection") == "close", fault
            client.assert_end()

    def assert_passed(self, message: bytes | str) -> Message:
        """Goes on in each cut, as the same; returns what the backend got."""
        seen: list[Message] = []
        for pieces in cuts(encoded(message)):
            before = len(self.backend.requests)
            with self.site.client() as client:
                for piece in pieces:
                    client.send(piece)
                got = client.reader.final_answer()
                assert got.status == 200, f"{got.status} for {message!r}: {got.body!r}"
                assert client.ask(GOOD).body == b"GET /good ", "the connection lives on"
            asked = self.backend.requests[before:]
            assert [one.target for one in asked[1:]] == ["/good"], asked
            seen.append(asked[0])
        assert (seen[0].fields, seen[0].body, seen[0].trailers) == (seen[1].fields, seen[1].body, seen[1].trailers)
        return seen[0]

    def assert_refused_answers(self, words: str, faults: list[bytes | str], method: str = "GET") -> None:
        """`faults` break a rule in their heads: the client gets a 502, and their connections end with them."""
        with self._watched("answers", words) as refused:
            for number, fault in enumerate(faults):
                for cut in range(2):
                    refused.append(encoded(fault))
                    with self.site.client() as client:
                        got = client.ask(request(method=method, target=f"/{number}/{cut}"), method)
                        assert got.status == 502, f"{got.status} for {fault!r}"
                        assert got.get("connection") == "close"
                        assert MARK.encode() not in got.body + str(got.fields).encode()
                        client.assert_end()
        self._assert_never_reused()

    def assert_broken_answers(self, words: str, faults: list[bytes | str], before: bytes) -> None:
        """`faults` break a rule behind their heads: the client gets what stood `before`, and no end that looks
        whole."""
        with self._watched("answers", words) as refused:
            for number, fault in enumerate(faults):
                for cut in range(2):
                    refused.append(encoded(fault))
                    with self.site.client() as client:
                        client.send(request(method="GET", target=f"/{number}/{cut}"))
                        body = broken_body(client)
                        assert body == before, f"{body!r} of {fault!r}"
        self._assert_never_reused()

    def _assert_never_reused(self) -> None:
        for visit in self.backend.visits:
            targets = [one.target for one in visit.requests]
            assert len(targets) == 1 or set(targets) <= {"/good", "/bystander"}, targets
            assert visit.ended.wait(30), targets


def broken_body(client: HttpClient) -> bytes:
    """The content of a chunked answer that breaks off: by a reset or without close_notify, and within a message."""
    got = b""
    try:
        while data := client.pipe.receive():
            got += data
        assert False, f"a clean end behind {got!r}"
    except OSError:
        pass
    assert MARK.encode() not in got, got
    head, _, rest = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ") and b"\r\nTransfer-Encoding: chunked" in head, got
    body = b""
    while rest:
        line, _, rest = rest.partition(b"\r\n")
        size = int(line, 16)
        assert size > 0, f"the end of the body in {got!r}"
        body += rest[:size]
        assert rest[size:size + 2] == b"\r\n", got
        rest = rest[size + 2:]
    return body


def tell(visit: Visit, asked: Message) -> bytes:
    return answer(f"{asked.method} {asked.target} ".encode() + asked.body)


def answering(faults: list[bytes | str]) -> Callable[[Visit, Message], bytes]:
    """A backend that answers /NUMBER/CUT with that fault in that cut, and everything else well."""
    def respond(visit: Visit, asked: Message) -> bytes:
        _, number, *cut = asked.target.split("/")
        if not cut:
            return tell(visit, asked)
        for piece in cuts(encoded(faults[int(number)]))[int(cut[0])]:
            visit.pipe.send(piece)
        return b""
    return respond
