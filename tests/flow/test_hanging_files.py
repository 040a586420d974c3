"""A file whose read never comes to its end, as a pipe whose writer stays or a file system that hangs: what was
there goes on serving, it is told, and the program ends when it is told to."""

import os
import signal

import pytest
from clients import curl
from conftest import NAME
from program import configuration, descriptors_of, eventually, free_port
from tls_servers import Server, http_answer

KEYS = ["certificate", "key", "key_password_file"]


@pytest.fixture
def endless():
    """A pipe without a name, as a shell's <(command): what writes to it says nothing and does not end."""
    reading, writing = os.pipe()
    yield f"/proc/{os.getpid()}/fd/{reading}"
    os.close(writing)
    os.close(reading)


def wait_until_it_reads(running, path):
    wanted = os.stat(path).st_ino

    def is_it(number):
        try:
            return os.stat(f"/proc/{running.process.pid}/fd/{number}").st_ino == wanted
        except OSError:
            return False

    eventually("it reads the file", lambda: any(map(is_it, descriptors_of(running.process.pid))), also=running.report)


def site(world, port, backend, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.complete, "key": world.key,
                     "backend": f"tcp://127.0.0.1:{backend}", **more}}


@pytest.fixture
def reload(program, world):
    """Starts a proxy, and has it read another configuration of its site."""
    def start(backend, **more):
        port = free_port()
        running = program.run(world.settings(), site(world, port, backend.port))
        (path,) = program.folder.glob("chainmend-*.ini")
        path.write_text(configuration(world.settings(), site(world, port, backend.port, **more)))
        running.signal(signal.SIGHUP)
        return port, running

    with Server(http_answer()) as server:
        yield lambda **more: start(server, **more)


@pytest.mark.parametrize("key", KEYS)
def test_a_reload_that_hangs_holds_no_end(world, reload, endless, key):
    port, running = reload(**{key: endless})
    wait_until_it_reads(running, endless)
    assert curl(port, NAME, world.roots, "--fail").ok, running.report()
    running.stop()
    assert "stopped: all connections are closed" in running.stderr


def test_a_reload_that_hangs_is_told(world, reload, endless):
    port, running = reload(key=endless)
    running.wait_for_words("SIGHUP: the files are still not read after 10 s")
    assert curl(port, NAME, world.roots, "--fail").ok, running.report()


@pytest.mark.parametrize("key", KEYS)
def test_a_start_that_hangs_can_be_ended(program, world, endless, key):
    path = program.write(world.settings(), site(world, free_port(), free_port(), **{key: endless}))
    running = program.spawn("-c", path)
    wait_until_it_reads(running, endless)
    running.expected_status = -signal.SIGTERM
    running.stop()
