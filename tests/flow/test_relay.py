"""A byte in is a byte out, both ways, whatever the size, the pace and the end."""

import random
import threading
from pathlib import Path

import pytest
from clients import python_pipe
from conftest import NAME
from program import eventually, free_port
from tls_servers import Server, TlsServer, WAIT_S, banner_then_listen, count_bytes, echo, hold, reset

MIB = 1024 * 1024
SIZES = [1, 2, 1023, 16_383, 16_384, 16_385, 65_536, 65_537, MIB, 8 * MIB]
BACKLOG_BYTES = 64 * MIB  # more than the kernel's buffers on the way hold
MEMORY_LIMIT_KIB = 24 * 1024  # what a stalled connection may cost at the most, sanitizers' own included


@pytest.fixture(params=["tcp", "tls"])
def kind(request):
    return request.param


@pytest.fixture
def proxy(program, world, kind):
    """Starts a backend of this kind with chainmend in front of it."""
    servers = []

    def start(talk):
        server = Server(talk) if kind == "tcp" else TlsServer(world.complete, world.key, talk)
        server.__enter__()
        servers.append(server)
        port = free_port()
        name = {"backend_name": NAME} if kind == "tls" else {}
        running = program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key,
            "backend": f"{kind}://127.0.0.1:{server.port}", **name}})
        return port, running, server
    yield start
    for server in servers:
        server.__exit__()


def bytes_of(size):
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize("size", SIZES)
def test_what_goes_in_comes_out(proxy, world, size):
    port, _, _ = proxy(echo)
    data = bytes_of(size)
    with python_pipe(port, NAME, world.roots) as pipe:
        # In portions that the echo's way back can hold, so that one thread does for both directions.
        received = b""
        for start in range(0, size, 128 * 1024):
            portion = data[start:start + 128 * 1024]
            pipe.send(portion)
            received += pipe.receive_exactly(len(portion))
        assert received == data
        pipe.end()
        assert pipe.receive_all() == b""


def test_a_client_that_ends_its_direction_still_gets_the_answer(proxy, world):
    counts = []
    port, _, _ = proxy(count_bytes(counts))
    with python_pipe(port, NAME, world.roots) as pipe:
        pipe.send(bytes_of(3 * MIB))
        pipe.end()
        assert pipe.receive_all() == str(3 * MIB).encode()
    assert [count for count in counts if count] == [3 * MIB], "but for the probe, which sends nothing"


def test_a_backend_that_ends_its_direction_still_hears_the_client(proxy, world):
    heard = []
    port, _, _ = proxy(banner_then_listen(b"220 ready\r\n", heard))
    with python_pipe(port, NAME, world.roots) as pipe:
        assert pipe.receive_all() == b"220 ready\r\n"
        pipe.send(bytes_of(MIB))
        pipe.end()
        eventually("the backend has heard all", lambda: any(heard))
    assert [data for data in heard if data] == [bytes_of(MIB)], "but for the probe, which says nothing"


def test_a_backend_that_resets_ends_the_client(proxy, world):
    port, _, server = proxy(reset)
    for _ in range(5):
        with pytest.raises(OSError):
            with python_pipe(port, NAME, world.roots) as pipe:
                pipe.send(b"hello")
                if pipe.receive() == b"":
                    raise ConnectionResetError
    server.talk = echo
    with python_pipe(port, NAME, world.roots) as pipe:
        pipe.send(b"well")
        assert pipe.receive_exactly(4) == b"well"


def test_a_client_that_resets_ends_the_backend(proxy, world):
    ended = []

    def talk(pipe):
        try:
            while pipe.receive():
                pass
        except OSError:
            pass
        ended.append(True)
    port, _, _ = proxy(talk)
    pipe = python_pipe(port, NAME, world.roots)
    pipe.send(b"hello")
    pipe.reset()
    eventually("the backend's connection has ended", lambda: ended)


def resident_kib(process):
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def test_a_backend_that_does_not_read_stops_the_client_and_costs_no_memory(proxy, world):
    release = threading.Event()
    port, running, _ = proxy(hold(release))
    with python_pipe(port, NAME, world.roots) as warm:
        before = resident_kib(running.process)
        warm.sock.settimeout(3)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < BACKLOG_BYTES:
                warm.send(b"\0" * MIB)
                sent += MIB
        assert resident_kib(running.process) - before < MEMORY_LIMIT_KIB
        release.set()


def test_a_client_that_does_not_read_stops_the_backend_and_costs_no_memory(proxy, world):
    stalled = threading.Event()

    def talk(pipe):
        pipe.sock.settimeout(3)
        try:
            for _ in range(BACKLOG_BYTES // MIB):
                pipe.send(b"\0" * MIB)
        except TimeoutError:
            stalled.set()
    port, running, _ = proxy(talk)
    before = resident_kib(running.process)
    with python_pipe(port, NAME, world.roots):
        assert stalled.wait(WAIT_S), "the backend could send everything to a client that reads nothing"
        assert resident_kib(running.process) - before < MEMORY_LIMIT_KIB


def test_many_connections_at_once_are_not_mixed_up(proxy, world):
    port, _, _ = proxy(echo)
    pipes = [python_pipe(port, NAME, world.roots) for _ in range(100)]
    for index, pipe in enumerate(pipes):
        pipe.send(index.to_bytes(2, "big") * 4000)
    for index, pipe in enumerate(reversed(pipes)):
        number = len(pipes) - 1 - index
        assert pipe.receive_exactly(8000) == number.to_bytes(2, "big") * 4000
    for pipe in pipes:
        pipe.end()
    for pipe in pipes:
        assert pipe.receive_all() == b""
        pipe.close()
