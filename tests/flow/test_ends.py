"""No client takes a failure for the whole of an answer: what each of them says where something broke, and where not."""

import signal
import socket
import ssl
import threading

import pytest
from clients import curl, python_context, s_client
from conftest import NAME
from pki import self_signed_leaf
from program import eventually, free_port
from tls_servers import Server, TlsServer

HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n"  # without a length: the end delimits
REQUEST = "GET / HTTP/1.0\r\n\r\n"


def site(world, port, backend, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.complete, "key": world.key,
                     "backend": backend, **more}}


def take_request(pipe):
    request = b""
    while b"\r\n\r\n" not in request:
        data = pipe.receive()
        if not data:
            return
        request += data


def answer_whole(pipe):
    take_request(pipe)
    pipe.send(HEAD + b"whole\n")
    pipe.end()
    pipe.receive_all()


def answer_and_end_without_close_notify(pipe):
    take_request(pipe)
    pipe.send(HEAD + b"part")
    pipe.sock.shutdown(socket.SHUT_WR)
    try:
        while pipe.sock.recv(4096):
            pass
    except OSError:
        pass


def reset_at_once(pipe):
    take_request(pipe)
    pipe.reset()


@pytest.fixture
def failing(program, world):
    """Starts chainmend in front of a backend that fails in one way; gives the port."""
    port = free_port()
    servers = []

    def serve(server, kind="tcp", **more):
        servers.append(server.__enter__())
        if kind == "tls":
            more = {"backend_name": NAME, **more}
        running = program.run(world.settings(), site(world, port, f"{kind}://127.0.0.1:{server.port}", **more))
        return port, running

    yield serve
    for server in servers:
        server.__exit__()


def python_reads(port, world, strict=False):
    """Reads the answer with Python, which by default takes a FIN without close_notify for an end."""
    context = python_context(world.roots)
    if strict:
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    with socket.create_connection(("127.0.0.1", port), 30) as plain:
        with context.wrap_socket(plain, server_hostname=NAME, suppress_ragged_eofs=not strict) as client:
            client.sendall(REQUEST.encode())
            answer = b""
            while data := client.recv(65536):
                answer += data
            return answer


def assert_each_client_sees_a_failure(port, world):
    answer = curl(port, NAME, world.roots, "--http1.0")
    assert answer.status in (35, 52, 56), answer
    with pytest.raises(OSError):
        python_reads(port, world)
    answer = s_client(port, NAME, world.roots, "-quiet", "-ign_eof", stdin=REQUEST)
    assert answer.status != 0, answer
    assert "alert internal error" in answer.stderr or "reset" in answer.stderr, answer


def test_a_whole_answer_ends_cleanly(failing, world):
    port, _ = failing(Server(answer_whole))
    answer = curl(port, NAME, world.roots, "--http1.0")
    assert answer.ok and answer.stdout == "whole\n", answer
    assert python_reads(port, world) == HEAD + b"whole\n"


def test_no_backend_is_no_empty_answer(program, world):
    port = free_port()
    program.run(world.settings(), site(world, port, f"tcp://127.0.0.1:{free_port()}"))
    assert_each_client_sees_a_failure(port, world)


def test_a_backend_that_is_not_trusted_is_no_empty_answer(failing, world, tmp_path):
    chain, key = self_signed_leaf([NAME]).write(tmp_path, "bad")
    port, _ = failing(TlsServer(chain, key, answer_whole), "tls")
    assert_each_client_sees_a_failure(port, world)


def test_a_backend_that_speaks_no_tls_is_no_empty_answer(failing, world):
    port, _ = failing(Server(answer_whole), "tls")
    assert_each_client_sees_a_failure(port, world)


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_a_backend_that_resets_before_it_answers_is_no_empty_answer(failing, world, kind):
    server = Server(reset_at_once) if kind == "tcp" else TlsServer(world.complete, world.key, reset_at_once)
    port, _ = failing(server, kind)
    answer = curl(port, NAME, world.roots, "--http1.0")
    assert answer.status in (35, 52, 56), answer
    with pytest.raises(OSError):
        python_reads(port, world)


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_a_part_before_a_reset_is_not_the_whole(failing, world, kind):
    def answer_in_part(pipe):
        take_request(pipe)
        pipe.send(HEAD + b"part")
        pipe.reset()

    server = Server(answer_in_part) if kind == "tcp" else TlsServer(world.complete, world.key, answer_in_part)
    port, _ = failing(server, kind)
    answer = curl(port, NAME, world.roots, "--http1.0")
    assert answer.status in (52, 56), answer
    with pytest.raises(OSError):
        python_reads(port, world)


def test_a_tls_backend_that_ends_without_close_notify_is_passed_on_as_such(failing, world):
    """Each client judges it as it does in front of the backend itself: many servers never send close_notify."""
    backend = TlsServer(world.complete, world.key, answer_and_end_without_close_notify)
    port, _ = failing(backend, "tls")
    for _ in range(3):
        direct, answer = (curl(at, NAME, world.roots, "--http1.0") for at in (backend.port, port))
        assert (answer.status, answer.stdout) == (direct.status, direct.stdout), answer
    with pytest.raises(ssl.SSLError, match="(?i)unexpected.eof"):
        python_reads(port, world, strict=True)
    assert "unexpected eof" in s_client(port, NAME, world.roots, "-quiet", "-ign_eof", stdin=REQUEST).stderr


def test_a_whole_answer_of_a_backend_that_reads_no_further_arrives(failing, world):
    """It answers a request while its body still comes, and closes: the client gets the answer before any failure."""
    def refuse(pipe):
        take_request(pipe)
        pipe.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large")
        pipe.sock.shutdown(socket.SHUT_WR)

    port, _ = failing(Server(refuse))
    for _ in range(10):
        with socket.create_connection(("127.0.0.1", port), 30) as plain:
            with python_context(world.roots).wrap_socket(plain, server_hostname=NAME) as client:
                client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n")
                try:
                    for _ in range(40):
                        client.sendall(b"\0" * 100_000)
                except OSError:
                    pytest.fail("the client is cut while it sends")
                answer = b""
                while data := client.recv(65536):
                    answer += data
                assert answer.endswith(b"\r\n\r\ntoo large")


def test_a_client_that_ends_without_close_notify_still_gets_its_answer(failing, world):
    """Old clients end their direction so behind a whole request."""
    asked = []

    def answer_at_the_end(pipe):
        asked.append(pipe.receive_all())
        pipe.send(b"whole")
        pipe.end()

    port, _ = failing(Server(answer_at_the_end))
    with socket.create_connection(("127.0.0.1", port), 30) as plain:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = python_context(world.roots)
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        client = context.wrap_bio(incoming, outgoing, server_hostname=NAME)

        def step(operation, *arguments):
            while True:
                try:
                    return operation(*arguments)
                except ssl.SSLWantReadError:
                    if outgoing.pending:
                        plain.sendall(outgoing.read())
                    data = plain.recv(65536)
                    incoming.write(data) if data else incoming.write_eof()

        step(client.do_handshake)
        client.write(b"request")
        plain.sendall(outgoing.read())
        plain.shutdown(socket.SHUT_WR)
        assert step(client.read, 100) == b"whole"
        assert step(client.read, 100) == b"", "with close_notify"
    assert b"request" in asked


@pytest.mark.parametrize("how", ["drain_timeout", "idle_timeout"])
def test_what_is_cut_is_not_the_whole(program, world, how):
    def answer_and_wait(pipe):
        take_request(pipe)
        pipe.send(HEAD + b"part")
        pipe.receive_all()

    port = free_port()
    with Server(answer_and_wait) as backend:
        limits = {"idle_timeout": "1s"} if how == "idle_timeout" else {}
        running = program.run(world.settings(drain_timeout="1s"),
                              site(world, port, f"tcp://127.0.0.1:{backend.port}", **limits))
        answers = []
        client = threading.Thread(target=lambda: answers.append(curl(port, NAME, world.roots, "--http1.0")))
        client.start()
        if how == "drain_timeout":
            eventually("the client is served", lambda: backend.num_accepted > 0)
            running.signal(signal.SIGTERM)
        client.join(60)
        assert answers and answers[0].status == 56, answers
        assert how == "idle_timeout" or running.wait() == 0
