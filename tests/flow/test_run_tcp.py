"""run in front of a plain backend: start, mend in the background, relay, refuse, stop."""

import signal
import socket
import time
import subprocess

import pytest
from aia_server import body, status
from clients import curl, python_context, python_pipe, served_chain
from conftest import NAME
from program import eventually, free_port
from tls_servers import Pipe, Server, echo, http_answer


def site(world, port, backend_port, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.leaf_alone,
                     "key": world.key, "backend": f"tcp://127.0.0.1:{backend_port}", **more}}


def mended(port, world):
    eventually("the mended chain is served", lambda: served_chain(port, NAME) == world.mended)


def test_a_leaf_alone_is_mended_in_front_of_a_plain_backend(program, world):
    port = free_port()
    with Server(http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        mended(port, world)
        answer = curl(port, NAME, world.roots)
    assert answer.ok, answer
    assert answer.stdout == "hello from the backend\n"
    fix = running.wait_for_fix("missing_intermediate", site="mail", subject_of="certificate")
    assert fix["severity"] == "fixed"


def test_what_is_there_is_served_while_the_issuer_is_out_of_reach_and_it_is_tried_again(program, world):
    port = free_port()
    world.aia.route(world.path, status(503))
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        running.wait_for_fix("fetch_failed")
        assert served_chain(port, NAME) == [world.leaf.sha256]
        assert running.wait_for_fix("incomplete_chain")["severity"] == "error"
        world.aia.route(world.path, body(world.issuing.der))
        eventually("the chain is mended after a pause", lambda: served_chain(port, NAME) == world.mended, 90,
                   running.report)


def test_what_the_cache_has_is_served_from_the_first_handshake_on(program, world):
    port = free_port()
    program.command("check", "--chain", world.leaf_alone, *world.check_flags())
    asked = world.aia.count()
    with Server() as backend:
        program.run(world.settings(fetch="off"), site(world, port, backend.port))
        assert served_chain(port, NAME) == world.mended
    assert world.aia.count() == asked


def test_report_mode_serves_what_was_given_and_tells_what_would_change(program, world):
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port, mode="report"))
        running.wait_for_fix("missing_intermediate")
        assert served_chain(port, NAME) == [world.leaf.sha256]


def test_the_short_form_needs_no_file(program, world):
    port = free_port()
    with Server(http_answer()) as backend:
        running = program.spawn("--listen", f"127.0.0.1:{port}", "--backend", f"tcp://127.0.0.1:{backend.port}",
                                "--certificate", world.complete, "--key", world.key, "--hostname", NAME,
                                "--cache", world.cache, "--roots", f"demo={world.roots}",
                                "--fetch-allow", "127.0.0.1")
        program.wait_listening(running, [port])
        answer = curl(port, NAME, world.roots)
    assert answer.ok, answer


def test_two_listeners_and_ipv6(program, world):
    first, second = free_port(), free_port()
    listens = [f"127.0.0.1:{first}", f"[::1]:{second}"]
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        listens[1] = f"127.0.0.1:{second}"
    sites = site(world, first, 1, certificate=world.complete)
    with Server(http_answer()) as backend:
        sites["mail"]["listen"] = listens
        sites["mail"]["backend"] = f"tcp://127.0.0.1:{backend.port}"
        program.run(world.settings(), sites)
        assert curl(first, NAME, world.roots).ok
        host = "[::1]" if listens[1].startswith("[") else "127.0.0.1"
        answer = subprocess.run(["curl", "-sS", "--noproxy", "*", "--cacert", str(world.roots), "--connect-to",
                                 f"::{host}:{second}", f"https://{NAME}/"],
                                capture_output=True, timeout=60, check=False)
        assert answer.returncode == 0, answer


def test_the_next_backend_is_tried_when_one_does_not_answer(program, world):
    port = free_port()
    with Server() as backend:
        sites = site(world, port, backend.port, certificate=world.complete)
        sites["mail"]["backend"] = [f"tcp://127.0.0.1:{free_port()}", f"tcp://127.0.0.1:{backend.port}"]
        program.run(world.settings(), sites)
        for _ in range(5):
            with python_pipe(port, NAME, world.roots) as pipe:
                pipe.send(b"ping")
                assert pipe.receive_exactly(4) == b"ping"


def test_a_backend_that_is_gone_closes_the_connection_and_is_told_and_the_proxy_goes_on(program, world):
    port, backend_port = free_port(), free_port()
    running = program.run(world.settings(), site(world, port, backend_port, certificate=world.complete))
    assert curl(port, NAME, world.roots).status != 0
    running.wait_for_words(str(backend_port))
    with Server(http_answer(), port=backend_port):
        eventually("the backend is back", lambda: curl(port, NAME, world.roots).ok, also=running.report)


RUBBISH = {
    "nothing": b"",
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a record that is too long": b"\x16\x03\x01\xff\xff" + b"\0" * 70_000,
    "every byte": bytes(range(256)) * 8,
    "a hello cut short": b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
}


@pytest.mark.parametrize("kind", RUBBISH)
def test_rubbish_from_a_client_harms_nobody(program, world, kind):
    port = free_port()
    with Server(http_answer()) as backend:
        program.run(world.settings(), site(world, port, backend.port, certificate=world.complete))
        for _ in range(20):
            with Pipe(socket.create_connection(("127.0.0.1", port))) as pipe:
                try:
                    pipe.send(RUBBISH[kind])
                    pipe.end()
                    pipe.receive_all()
                except OSError:
                    pass  # a reset is a fair answer
        assert backend.num_accepted == 0
        assert curl(port, NAME, world.roots).ok


def test_a_client_that_never_speaks_is_dropped(program, world):
    port = free_port()
    with Server() as backend:
        program.run(world.settings(), site(world, port, backend.port, handshake_timeout="1s"))
        with Pipe(socket.create_connection(("127.0.0.1", port))) as pipe:
            try:
                assert pipe.receive() == b""
            except ConnectionResetError:
                pass


def test_an_idle_connection_is_dropped(program, world):
    port = free_port()
    with Server() as backend:
        program.run(world.settings(), site(world, port, backend.port, certificate=world.complete, idle_timeout="1s"))
        with python_pipe(port, NAME, world.roots) as pipe:
            pipe.send(b"ping")
            assert pipe.receive_exactly(4) == b"ping"
            try:
                assert pipe.receive() == b""
            except OSError:
                pass


def drip(pipe):
    """Sends, slowly, and reads nothing."""
    for _ in range(4):
        pipe.send(b".")
        time.sleep(0.4)
    while pipe.receive():
        pass


def read_silently(pipe):
    while pipe.receive():
        pass


@pytest.mark.parametrize("talk", [read_silently, drip], ids=["the backend is silent", "the backend sends"])
@pytest.mark.parametrize("num_sent", [0, 4], ids=["the client is silent", "the client sends"])
def test_an_idle_connection_ends_at_its_time_whoever_was_silent(program, world, talk, num_sent):
    """By order, not by the clock: after the last byte, and before a handshake of two seconds more is given up."""
    port = free_port()
    with Server(talk) as backend:
        program.run(world.settings(), site(world, port, backend.port, certificate=world.complete, idle_timeout="1s",
                                           handshake_timeout="3s"))
        with python_pipe(port, NAME, world.roots) as pipe:
            for _ in range(num_sent):
                pipe.send(b".")
                time.sleep(0.4)  # less than idle_timeout: each byte puts it off
            pipe.send(b".")
            for _ in range(4 if talk is drip else 0):
                assert pipe.receive() == b"."
            with socket.create_connection(("127.0.0.1", port), timeout=60) as waiting:
                try:
                    assert pipe.receive() == b""
                except OSError:
                    pass
                waiting.setblocking(False)
                with pytest.raises(BlockingIOError):
                    waiting.recv(1)  # its time is not over: what was idle went first
                waiting.settimeout(60)
                try:
                    assert waiting.recv(1) == b""
                except ConnectionResetError:
                    pass


def test_sigterm_lets_an_open_connection_finish(program, world):
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(drain_timeout="30s"), site(world, port, backend.port,
                                                                        certificate=world.complete))
        with python_pipe(port, NAME, world.roots) as pipe:
            pipe.send(b"one")
            assert pipe.receive_exactly(3) == b"one"
            running.signal(signal.SIGTERM)
            eventually("it no longer takes connections", lambda: refuses(port))
            pipe.send(b"two")
            assert pipe.receive_exactly(3) == b"two"
            pipe.end()
            assert pipe.receive_all() == b""
        assert running.wait() == 0


def refuses(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_what_is_still_open_at_the_drain_timeout_is_cut(program, world):
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(drain_timeout="1s"), site(world, port, backend.port,
                                                                       certificate=world.complete))
        with python_pipe(port, NAME, world.roots) as pipe:
            pipe.send(b"one")
            assert pipe.receive_exactly(3) == b"one"
            running.signal(signal.SIGINT)
            assert running.wait() == 0


def test_check_config_says_what_it_would_serve_and_leaves(program, world):
    port = free_port()
    path = program.write(world.settings(), site(world, port, 1))
    result = program.command("run", "-c", path, "--check-config")
    assert result.returncode == 0, result
    assert "mail" in result.stdout + result.stderr
    assert NAME in result.stdout + result.stderr
    assert "not complete and trusted by what is here" in result.stdout
    assert not world.cache.exists(), "a look leaves nothing behind"
    complete = program.write(world.settings(), site(world, port, 1, certificate=world.complete,
                                                    listen=f"[::1]:{port}"))
    result = program.command("run", "-c", complete, "--check-config")
    assert result.returncode == 0 and "not complete" not in result.stdout, result
    assert f"[::1]:{port}" in result.stdout


def pings(pipe):
    pipe.send(b"x")
    return pipe.receive_exactly(1) == b"x"


def test_no_more_than_max_connections_are_relayed_and_those_go_on(program, world):
    port = free_port()
    with Server(echo) as backend:
        running = program.run(world.settings(max_connections=4, workers=1),
                              site(world, port, backend.port, certificate=world.complete))
        pipes = [python_pipe(port, NAME, world.roots) for _ in range(4)]
        assert all(pings(pipe) for pipe in pipes)
        # It may be turned away, or be left waiting; it must not get through.
        with socket.create_connection(("127.0.0.1", port)) as fifth:
            fifth.settimeout(1)
            with pytest.raises(OSError):
                wrapped = python_context(world.roots).wrap_socket(fifth, server_hostname=NAME)
                wrapped.sendall(b"y")
                if wrapped.recv(1) != b"y":
                    raise ConnectionResetError
        assert backend.num_accepted == 4
        running.wait_for_words("max_connections")
        assert all(pings(pipe) for pipe in pipes)
        for pipe in pipes:
            pipe.close()

        def serves_again():
            try:
                with python_pipe(port, NAME, world.roots) as pipe:
                    return pings(pipe)
            except OSError:
                return False
        eventually("there is room again", serves_again, also=running.report)
