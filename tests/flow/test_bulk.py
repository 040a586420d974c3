"""64 MiB up and 64 MiB down through a tls backend: every byte, in its place."""

import hashlib
import random
import threading

import pytest
from clients import python_pipe
from conftest import NAME
from program import free_port
from tls_servers import TlsServer

MIB = 1024 * 1024
NUM_BLOCKS = 64


@pytest.fixture(scope="module")
def blocks():
    """So that a block that is lost, doubled or out of its place changes the sum."""
    block = random.Random(64).randbytes(MIB)
    return [number.to_bytes(8, "big") + block[8:] for number in range(NUM_BLOCKS)]


@pytest.fixture(scope="module")
def expected(blocks):
    return hashlib.sha256(b"".join(blocks)).hexdigest()


def sum_of(pipe):
    digest = hashlib.sha256()
    while data := pipe.receive():
        digest.update(data)
    return digest.hexdigest()


def site(world, port, backend):
    return {"mail": {"listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key,
                     "backend": f"tls://127.0.0.1:{backend.port}", "backend_name": NAME}}


def test_upload(program, world, blocks, expected):
    def talk(pipe):
        pipe.send(sum_of(pipe).encode())
        pipe.end()
    port = free_port()
    with TlsServer(world.complete, world.key, talk) as backend:
        program.run(world.settings(), site(world, port, backend))
        with python_pipe(port, NAME, world.roots) as pipe:
            for block in blocks:
                pipe.send(block)
            pipe.end()
            assert pipe.receive_all().decode() == expected


def test_download(program, world, blocks, expected):
    def talk(pipe):
        for block in blocks:
            pipe.send(block)
        pipe.end()
    port = free_port()
    with TlsServer(world.complete, world.key, talk) as backend:
        program.run(world.settings(), site(world, port, backend))
        with python_pipe(port, NAME, world.roots) as pipe:
            assert sum_of(pipe) == expected


def test_both_at_once(program, world, blocks, expected):
    """Two connections, one in each direction, so that each is back-pressure to the other's worker."""
    sums = []

    def talk(pipe):
        if pipe.receive_exactly(1) == b"u":
            pipe.send(sum_of(pipe).encode())
        else:
            for block in blocks:
                pipe.send(block)
        pipe.end()

    def upload(port):
        with python_pipe(port, NAME, world.roots) as pipe:
            pipe.send(b"u")
            for block in blocks:
                pipe.send(block)
            pipe.end()
            sums.append(pipe.receive_all().decode())

    port = free_port()
    with TlsServer(world.complete, world.key, talk) as backend:
        program.run({**world.settings(), "workers": 1}, site(world, port, backend))
        uploader = threading.Thread(target=upload, args=(port,))
        uploader.start()
        with python_pipe(port, NAME, world.roots) as pipe:
            pipe.send(b"d")
            sums.append(sum_of(pipe))
        uploader.join(120)
    assert sums == [expected, expected]
