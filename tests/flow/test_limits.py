"""Too many clients, and too few descriptors: those who find no room wait, nobody is lost, and it is logged once."""

import os
import resource
import shutil
import stat
import threading
import time
from pathlib import Path

import pytest
from clients import python_pipe
from conftest import NAME
from program import descriptors_of, eventually, free_port
from tls_servers import Server, echo

PAUSED = "new connections are not accepted"
NO_DESCRIPTOR = "Too many open files"


def site(world, port, backend):
    return {"mail": {"listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key,
                     "backend": f"tcp://127.0.0.1:{backend.port}"}}


class Crowd:
    """Clients side by side: each connects, has its byte echoed, and holds on until it may go."""

    def __init__(self, world, port, size):
        self.leave = threading.Event()
        self.served = []
        self.lost = []
        self._address = (port, NAME, world.roots)
        self._threads = [threading.Thread(target=self._visit, args=(number,), daemon=True) for number in range(size)]
        for thread in self._threads:
            thread.start()

    def _visit(self, number):
        try:
            with python_pipe(*self._address) as pipe:
                pipe.send(b"x")
                assert pipe.receive_exactly(1) == b"x"
                self.served.append(number)
                self.leave.wait(60)
        except (OSError, AssertionError) as why:
            self.lost.append(f"{number}: {why}")

    def go(self):
        self.leave.set()
        for thread in self._threads:
            thread.join(60)


def test_max_connections_is_one_number_for_all_workers(program, world):
    port = free_port()
    with Server(echo) as backend:
        running = program.run(world.settings(max_connections=8, workers=4), site(world, port, backend))
        inside = Crowd(world, port, 8)
        eventually("all places are taken", lambda: len(inside.served) == 8, also=running.report)
        outside = Crowd(world, port, 24)
        running.wait_for_words("max_connections is reached (8)")
        assert outside.served == [] and backend.num_accepted == 8
        outside.leave.set()
        inside.go()
        outside.go()
    assert inside.lost == outside.lost == []
    assert len(outside.served) == 24
    assert running.stderr.count(PAUSED) == 1, running.stderr


def test_without_descriptors_clients_wait_and_it_is_told_once(program, world):
    port = free_port()
    with Server(echo) as backend:
        running = program.run(world.settings(workers=2), site(world, port, backend))
        with python_pipe(port, NAME, world.roots) as old:
            old.send(b"a")
            assert old.receive_exactly(1) == b"a"
            eventually("it has come to rest", lambda: at_rest(running.process.pid))
            limits = resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (first_free(running.process.pid), limits[1]))
            crowd = Crowd(world, port, 10)
            running.wait_for_words(NO_DESCRIPTOR)
            time.sleep(2)  # some more pauses
            old.send(b"b")
            assert old.receive_exactly(1) == b"b", "who is in goes on"
            assert crowd.served == []
            assert running.stderr.count(PAUSED) == 1, running.stderr
            resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, limits)
            eventually("all of them are served", lambda: len(crowd.served) + len(crowd.lost) == 10, also=running.report)
            crowd.go()
    assert crowd.lost == [], running.report()


def first_free(pid):
    taken = {int(name) for name in descriptors_of(pid)}
    return next(number for number in range(len(taken) + 1) if number not in taken)


def at_rest(pid):
    before = descriptors_of(pid)
    time.sleep(0.5)
    return descriptors_of(pid) == before


def test_no_more_are_let_in_than_there_are_descriptors_for(program, world, tmp_path):
    """A client that is accepted, and whose backend finds no descriptor, would be lost."""
    files, port = 250, free_port()
    real = program.binary
    program.binary = Path(tmp_path / "with-few-files")
    program.binary.write_text(f'#!/bin/sh\nulimit -n {files} && exec "{real}" "$@"\n')
    program.binary.chmod(program.binary.stat().st_mode | stat.S_IXUSR)
    with Server(echo) as backend:
        running = program.run(world.settings(), site(world, port, backend))
        running.wait_for_words("LimitNOFILE")
        crowd = Crowd(world, port, files // 2)
        running.wait_for_words("max_connections is reached")
        assert len(crowd.served) < files // 2
        crowd.go()
    assert crowd.lost == [], running.report()
    assert len(crowd.served) == files // 2
    assert NO_DESCRIPTOR not in running.stderr


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_machine_without_descriptors_makes_clients_wait(program, world, tmp_path, monkeypatch):
    """ENFILE, by the hand of strace: nobody can use up the whole machine's for a test."""
    port, real = free_port(), program.binary
    program.binary = Path(tmp_path / "with-full-tables")
    program.binary.write_text('#!/bin/sh\nexec strace -D -f -qq -o /dev/null -e trace=accept4 '
                              f'-e inject=accept4:error=ENFILE:when=1..2 "{real}" "$@"\n')
    program.binary.chmod(program.binary.stat().st_mode | stat.S_IXUSR)
    # The leak check needs the place of the debugger; other tests have it.
    monkeypatch.setenv("ASAN_OPTIONS", os.environ["ASAN_OPTIONS"] + ":detect_leaks=0")
    with Server(echo) as backend:
        running = program.run(world.settings(workers=1), site(world, port, backend))
        crowd = Crowd(world, port, 5)
        running.wait_for_words("Too many open files in system")
        crowd.go()
    assert crowd.lost == [], running.report()
    assert len(crowd.served) == 5
