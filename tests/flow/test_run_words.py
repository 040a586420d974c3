"""Logs the start and the end of `run`."""

from __future__ import annotations

import os
import pty
import subprocess
import threading

import pytest
from clients import python_context
from conftest import NAME
from program import eventually, free_port
from tls_servers import Pipe, Server, echo


def site(world, listen, **more):
    return {"listen": listen, "certificate": world.complete, "key": world.key, "backend": "tcp://127.0.0.1:9", **more}


@pytest.mark.parametrize("first, second",
                         [("{}", "127.0.0.1:{}"), ("127.0.0.1:{}", "{}"), ("0.0.0.0:{}", "127.0.0.1:{}")])
def test_a_listen_that_overlaps_another_one(program, world, first, second):
    port = free_port()
    first, second = first.format(port), second.format(port)
    result = program.command("run", "-c", program.write(world.settings(), {
        "a": site(world, first), "b": site(world, second)}))
    assert result.returncode == 1
    assert "of chainmend itself, which takes the same port" in result.stderr, result.stderr
    assert "stop the other program" not in result.stderr


def test_another_program_is_still_told(program, world):
    with Server(echo) as other:
        result = program.command("run", "-c", program.write(world.settings(), {
            "a": site(world, f"127.0.0.1:{other.port}")}))
    assert result.returncode == 1 and "stop the other program" in result.stderr, result.stderr


def test_connections_that_are_cut_are_counted(program, world):
    port = free_port()
    with Server(echo) as backend:
        running = program.run(world.settings(drain_timeout="200ms"), {
            "mail": site(world, f"127.0.0.1:{port}", backend=f"tcp://127.0.0.1:{backend.port}")})
        pipes = [Pipe.tls_client(("127.0.0.1", port), python_context(world.roots), NAME) for _ in range(3)]
        for pipe in pipes:
            pipe.send(b"x")
            assert pipe.receive() == b"x"
        running.stop()
        assert "stopped: 3 connections that had not ended in time were cut (drain_timeout)" in running.stderr
        for pipe in pipes:
            pipe.close()


def test_many_addresses_are_summed_up(program, world):
    sites = {f"s{i}": site(world, [f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"]) for i in range(15)}
    running = program.run(world.settings(), sites)
    running.wait_for_words("started: 15 sites")
    assert running.stderr.count("chainmend: listening: 127.0.0.1:") == 10
    assert "chainmend: listening: and at 20 more: 30 addresses in all" in running.stderr


def test_a_terminal_gets_sentences_in_place_of_json(binary, program, world):
    path = program.write(world.settings(fix_log="stderr"), {
        "mail": site(world, f"127.0.0.1:{free_port()}", certificate=world.leaf_alone)})
    master, slave = pty.openpty()
    seen = bytearray()

    def drain():
        try:
            while data := os.read(master, 4096):
                seen.extend(data)
        except OSError:
            pass
    reader = threading.Thread(target=drain, daemon=True)
    reader.start()
    process = subprocess.Popen([binary, "run", "-c", path], stderr=slave, stdin=subprocess.DEVNULL)
    os.close(slave)
    try:
        eventually("a sentence", lambda: b"chainmend: mail: fixed missing_intermediate: " in seen,
                   also=lambda: seen.decode())
    finally:
        process.terminate()
        assert process.wait(60) == 0
        reader.join(10)
        os.close(master)
    assert b"{" not in seen, seen.decode()
