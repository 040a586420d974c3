"""Bodies stream: both ways at once, in any framing, at the pace of the slower side, and in bounded memory."""

import gzip
import hashlib
import threading
import time

import pytest
from http_messages import Ended, Reader
from http_servers import NAME, HttpBackend, HttpSite, Visit, answer
from program import eventually
from test_relay import MEMORY_LIMIT_KIB, resident_kib
from tls_servers import WAIT_S

KIB, MIB, GIB = 1024, 1024 * 1024, 1024 * 1024 * 1024
SIZES = [0, 1, 16 * KIB - 1, 16 * KIB, 16 * KIB + 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 128 * KIB - 1, 128 * KIB,
         128 * KIB + 1, 8 * MIB]
BLOCK = bytes(range(256)) * 256  # 64 KiB
BACKLOG_BYTES = 64 * MIB  # more than the kernel's buffers on the way hold
STALL_S = 1.0
SILENT_S = 2.0  # longer than head_timeout and body_timeout together
FRAMINGS = ["length", "chunked", "until close"]


class StreamBackend(HttpBackend):
    """Each of its connections is `serve`'s, which reads and writes at will. A stream that ends early is no fault, and
    its bytes are not kept."""

    def __init__(self, serve, tls=None):
        super().__init__(lambda visit, request: None, tls)
        self._serve = serve

    def _talk(self, pipe):
        visit = Visit(pipe)
        visit.reader = Reader(pipe.receive)
        try:
            if visit.reader._more():
                self._serve(visit)
        except (Ended, OSError):
            pass


@pytest.fixture(params=["tcp", "tls"])
def kind(request):
    return request.param


@pytest.fixture
def site(program, world, kind):
    """Starts an HTTP site before a backend of this kind."""
    backends = []

    def start(what, make=StreamBackend, **keys):
        backends.append(make(what, (world.complete, world.key) if kind == "tls" else None).__enter__())
        return HttpSite(program, world, backends[-1], **keys)
    yield start
    for backend in backends:
        backend.__exit__(None, None, None)


def head_of(start, framing, size, *fields):
    framed = {"length": [f"Content-Length: {size}"], "chunked": ["Transfer-Encoding: chunked"], "until close": []}
    return "\r\n".join([start, *framed[framing], *fields, "", ""]).encode()


def body_of(size):
    return (BLOCK * (size // len(BLOCK) + 1))[:size]


def pieces_of(framing, size, piece=64 * KIB):
    """The body as it is sent, piece by piece."""
    for start in range(0, size, piece):
        data = BLOCK[:min(piece, size - start)]
        yield b"%x\r\n%s\r\n" % (len(data), data) if framing == "chunked" else data
    if framing == "chunked":
        yield b"0\r\n\r\n"


def post(framing, size, *fields, method="POST"):
    return head_of(f"{method} /file HTTP/1.1", framing, size, f"Host: {NAME}", *fields)


def ok(framing, size, *fields):
    return head_of("HTTP/1.1 200 OK", framing, size, *fields)


class Body:
    """Reads a body off a reader without keeping it."""

    def __init__(self, reader, on_bytes=lambda count: None):
        self.count = 0
        self.digest = hashlib.sha256()
        self._reader = reader
        self._on_bytes = on_bytes

    def read(self, framing, size):
        if framing == "length":
            self._take(size)
        elif framing == "chunked":
            while length := int(self._reader._line(), 16):
                self._take(length)
                assert self._reader._exactly(2) == b"\r\n"
            assert self._reader._line() == b""
        else:
            while self._some(64 * KIB):
                pass
        return self

    def _some(self, most):
        if not self._reader.pending and not self._reader._more():
            return 0
        data, self._reader.pending = self._reader.pending[:most], self._reader.pending[most:]
        self.digest.update(data)
        self.count += len(data)
        self._on_bytes(self.count)
        return len(data)

    def _take(self, size):
        while size:
            got = self._some(size)
            if not got:
                raise Ended(b"")
            size -= got

    def is_that_of(self, size):
        digest = hashlib.sha256()
        for piece in pieces_of("length", size):
            digest.update(piece)
        return (self.count, self.digest.digest()) == (size, digest.digest())


class Sender(threading.Thread):
    """Sends piece by piece; `stalled` waits until the other side takes no more, before all is sent."""

    def __init__(self, pipe, pieces):
        super().__init__(daemon=True)
        self._pipe = pipe
        self._pieces = pieces
        self.sent = 0
        self.done = False

    def run(self):
        for piece in self._pieces:
            self._pipe.send(piece)
            self.sent += len(piece)
        self.done = True

    def stalled(self):
        seen = -1
        while seen != self.sent or not seen:
            seen = self.sent
            time.sleep(STALL_S)
        assert not self.done, "nothing has held it up"


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_bodies_of_every_size_come_through_as_they_are(site, framing):
    """Both ways, on one connection."""
    def respond(visit, request):
        return ok(framing, len(request.body)) + b"".join(pieces_of(framing, len(request.body)))
    running = site(respond, HttpBackend)
    with running.client() as client:
        for size in SIZES:
            got = client.ask(post(framing, size) + b"".join(pieces_of(framing, size)))
            assert (got.status, len(got.body)) == (200, size)
            assert got.body == body_of(size)
    assert [len(request.body) for request in running.backend.requests] == SIZES
    assert all(request.body == body_of(len(request.body)) for request in running.backend.requests)
    assert len(running.backend.visits) == 1
    running.backend.assert_clean()


def test_answers_that_end_with_their_connection_come_through_as_they_are(site):
    def serve(visit):
        size = int(visit.reader.request().target[1:])
        visit.pipe.send(ok("until close", size) + body_of(size))
        visit.pipe.end()
    running = site(serve)
    for size in SIZES:
        assert running.ask(f"GET /{size} HTTP/1.1\r\nHost: {NAME}\r\n\r\n").body == body_of(size)


def test_rpc_over_http_streams_both_ways_and_may_be_silent(site):
    """MS-RPCH 2.1.2.1: 1 GiB is declared on either connection. One stands still while the other flows, and goes on."""
    flowed = threading.Event()
    taken = [0]

    def serve(visit):
        head = visit.reader.head()
        if head.method == "RPC_OUT_DATA":
            visit.reader._exactly(76)
            visit.pipe.send(ok("length", GIB, "Content-Type: application/rpc") + BLOCK)
            flowed.wait(WAIT_S)
            time.sleep(SILENT_S)
            visit.pipe.send(BLOCK)
            visit.pipe.receive()
        else:
            assert (head.method, head.get("content-length")) == ("RPC_IN_DATA", str(GIB))
            Body(visit.reader, taken.append).read("length", GIB)  # the rest never comes
    running = site(serve, head_timeout="500ms", body_timeout="500ms")
    with running.client() as out_data, running.client() as in_data:
        out_data.send(post("length", 76, method="RPC_OUT_DATA") + b"x" * 76)
        got = out_data.reader.head()
        assert (got.status, got.get("content-length")) == (200, str(GIB))
        assert out_data.reader._exactly(len(BLOCK)) == BLOCK
        in_data.send(post("length", GIB, method="RPC_IN_DATA"))
        for _ in range(BACKLOG_BYTES // len(BLOCK)):
            in_data.send(BLOCK)
        eventually("all that was sent has come", lambda: taken[-1] == BACKLOG_BYTES)
        flowed.set()
        assert out_data.reader._exactly(len(BLOCK)) == BLOCK
        in_data.send(BLOCK)  # it has been silent for as long
        eventually("the body goes on", lambda: taken[-1] == BACKLOG_BYTES + len(BLOCK))
        in_data.pipe.reset()
        out_data.pipe.reset()


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_answer_flows_while_its_request_still_comes(site, framing):
    rounds = 20

    def serve(visit):
        visit.reader.head()
        visit.pipe.send(ok("chunked", 0))
        pieces = Body(visit.reader)
        for _ in range(rounds):
            if framing == "chunked":
                assert visit.reader._line() == b"4"
            pieces.read("length", 4)
            if framing == "chunked":
                assert visit.reader._line() == b""
            visit.pipe.send(b"4\r\npong\r\n")
        if framing == "chunked":
            assert visit.reader._exactly(5) == b"0\r\n\r\n"
        visit.pipe.send(b"0\r\n\r\n")
        visit.pipe.send(answer(visit.reader.request().target.encode()))
    with site(serve).client() as client:
        client.send(post(framing, 4 * rounds))
        assert client.reader.head().status == 200
        for _ in range(rounds):
            client.send(b"4\r\nping\r\n" if framing == "chunked" else b"ping")
            assert client.reader._exactly(9) == b"4\r\npong\r\n"
        client.send(b"0\r\n\r\n" if framing == "chunked" else b"")
        assert client.reader._exactly(5) == b"0\r\n\r\n"
        assert client.ask(f"GET /next HTTP/1.1\r\nHost: {NAME}\r\n\r\n").body == b"/next"


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_client_that_reads_slowly_stops_the_backend_and_gets_all(site, framing):
    senders = []

    def serve(visit):
        visit.reader.request()
        visit.pipe.send(ok(framing, BACKLOG_BYTES))
        senders.append(Sender(visit.pipe, pieces_of(framing, BACKLOG_BYTES)))
        senders[0].run()
        visit.pipe.end()
    running = site(serve)
    before = resident_kib(running.running.process)
    with running.client() as client:
        client.send(f"GET / HTTP/1.1\r\nHost: {NAME}\r\n\r\n")
        eventually("the answer begins", lambda: senders)
        senders[0].stalled()
        assert resident_kib(running.running.process) - before < MEMORY_LIMIT_KIB
        head = client.reader.head()
        framing_out = "chunked" if head.get("transfer-encoding") else framing
        assert Body(client.reader).read(framing_out, BACKLOG_BYTES).is_that_of(BACKLOG_BYTES)


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_backend_that_reads_slowly_stops_the_client_and_gets_all(site, framing):
    release = threading.Event()
    bodies = []

    def serve(visit):
        release.wait(WAIT_S)
        visit.reader.head()
        bodies.append(Body(visit.reader).read(framing, BACKLOG_BYTES))
        visit.pipe.send(answer(b"done"))
    running = site(serve)
    before = resident_kib(running.running.process)
    with running.client() as client:
        client.send(post(framing, BACKLOG_BYTES))
        sender = Sender(client.pipe, pieces_of(framing, BACKLOG_BYTES))
        sender.start()
        sender.stalled()
        assert resident_kib(running.running.process) - before < MEMORY_LIMIT_KIB
        release.set()
        sender.join()
        assert client.reader.final_answer().body == b"done"
    assert bodies[0].is_that_of(BACKLOG_BYTES)


@pytest.mark.parametrize("framing", ["chunked", "until close"])
def test_events_of_a_server_come_at_once(site, framing):
    """Each one is there before the next is sent."""
    events = [b"id: %d\ndata: here\n\n" % number for number in range(20)]
    seen = threading.Semaphore(0)

    def serve(visit):
        visit.reader.request()
        visit.pipe.send(ok(framing, 0, "Content-Type: text/event-stream", "Cache-Control: no-store"))
        for event in events:
            visit.pipe.send(b"%x\r\n%s\r\n" % (len(event), event) if framing == "chunked" else event)
            assert seen.acquire(timeout=WAIT_S)
        visit.pipe.send(b"0\r\n\r\n" if framing == "chunked" else b"")
        visit.pipe.end()
    with site(serve).client() as client:
        client.send(f"GET /events HTTP/1.1\r\nHost: {NAME}\r\nAccept: text/event-stream\r\n\r\n")
        is_chunked = client.reader.head().get("transfer-encoding") == "chunked"
        for event in events:
            if is_chunked:
                assert client.reader._line() == b"%x" % len(event)
            assert client.reader._exactly(len(event)) == event
            if is_chunked:
                assert client.reader._line() == b""
            seen.release()


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_upload_that_waits_for_100_comes_behind_it(site, framing):
    size = 8 * MIB
    bodies = []

    def serve(visit):
        head = visit.reader.head()
        assert head.get("expect") == "100-continue"
        assert visit.reader.pending == b"", "no byte of the body has come yet"
        visit.pipe.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        bodies.append(Body(visit.reader).read(framing, size))
        visit.pipe.send(answer(b"stored", "201 Created"))
    with site(serve).client() as client:
        client.send(post(framing, size, "Expect: 100-continue", method="PUT"))
        assert client.reader.answer().status == 100
        for piece in pieces_of(framing, size):
            client.send(piece)
        got = client.reader.final_answer()
        assert (got.status, got.body) == (201, b"stored")
    assert bodies[0].is_that_of(size)


def test_an_answer_before_the_body_is_read_that_closes(site):
    """The client gets it whole, though it is still sending."""
    def serve(visit):
        visit.reader.head()
        visit.pipe.send(answer(b"too large", "413 Content Too Large", "Connection: close"))
        visit.pipe.receive_all()
    with site(serve).client() as client:
        client.send(post("length", 64 * MIB))
        client.send(BLOCK)
        got = client.reader.final_answer()
        assert (got.status, got.body, got.get("connection")) == (413, b"too large", "close")
        client.assert_end()


def test_an_answer_before_the_body_is_read_that_keeps_the_connection(site):
    """The rest of the body goes on behind it, and the next request has its turn."""
    size = MIB
    bodies = []

    def serve(visit):
        visit.reader.head()
        visit.pipe.send(answer(b"soon"))
        bodies.append(Body(visit.reader).read("length", size))
        visit.pipe.send(answer(visit.reader.request().target.encode()))
    with site(serve).client() as client:
        client.send(post("length", size))
        assert client.reader.final_answer().body == b"soon"
        client.send(body_of(size) + f"GET /next HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
        assert client.reader.final_answer().body == b"/next"
    assert bodies[0].is_that_of(size)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "x-unknown"])
def test_coded_content_is_not_touched(site, coding):
    """Whatever it holds: it is not decoded, and the request asks for what the client asks for."""
    content = gzip.compress(BLOCK)

    def respond(visit, request):
        assert request.body == content
        return answer(content, "200 OK", f"Content-Encoding: {coding}", 'ETag: "1"', "Vary: Accept-Encoding")
    running = site(respond, HttpBackend)
    head = post("length", len(content), f"Accept-Encoding: {coding}", f"Content-Encoding: {coding}")
    got = running.ask(head + content)
    assert (got.body, got.get("content-encoding"), got.get("etag")) == (content, coding, '"1"')
    asked, = running.backend.requests
    assert (asked.get("accept-encoding"), asked.get("content-encoding")) == (coding, coding)
