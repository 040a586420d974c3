"""processes - starting, pinning and stopping, by process id alone, and what processes cost."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import IO, Iterable, Sequence

STOP_WAIT_S = 3.0
DESCRIPTORS = 65536  # wanted; the hard limit rules
SETTLE_STEP_S = 0.002
LISTEN_STEP_S = 0.001
SETTLE_STEPS = 50
CLOCK_SCHED = 2  # the clock of a process's CPU time, as clock_getcpuclockid(3) puts it together


class Trouble(Exception):
    """Something could not be started or measured; the message says what, and what to do."""


def cpu_ns(pids: Iterable[int]) -> int:
    """User and system time of all threads, ended ones too, to the nanosecond: the ticks of /proc are too coarse."""
    try:
        return sum(time.clock_gettime_ns((~pid << 3) | CLOCK_SCHED) for pid in pids)
    except OSError as error:
        raise Trouble(f"a server's process has ended: {error}") from error


def wait_until_still(pids: Sequence[int]) -> None:
    """Until they spend no more CPU time, or for a while: the last connections end after their clients have gone."""
    before = cpu_ns(pids)
    for _ in range(SETTLE_STEPS):
        time.sleep(SETTLE_STEP_S)
        now = cpu_ns(pids)
        if now == before:
            break
        before = now


def family(root: int) -> list[int]:
    """`root` and all that descend from it, `root` first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue  # it ended meanwhile
            state, parent = stat.rpartition(")")[2].split()[:2]
            if state != "Z":
                children.setdefault(int(parent), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def raise_descriptor_limit() -> None:
    """For this process and those that it starts: root may go above the hard limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (max(hard, DESCRIPTORS), hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            return
        except (ValueError, OSError):
            continue


class Child:
    """A program that we started: pinned, in a process group of its own, ended with us whatever happens to us."""

    def __init__(self, command: Sequence[str], cpus: Iterable[int], stdout: int | IO[str] = subprocess.DEVNULL,
                 stderr: int | IO[str] = subprocess.DEVNULL, environment: dict[str, str] | None = None) -> None:
        pinned = ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", ",".join(map(str, cpus)), *command]
        try:
            self._process = subprocess.Popen(pinned, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                                             env=environment, start_new_session=True, text=True)
        except OSError as error:
            raise Trouble(f"{command[0]} could not be started: {error}") from error

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def listens_within(self, seconds: float, port: int) -> bool:
        """Waits for it to listen on `port`. False where it ended before, or the time is up."""
        end = time.monotonic() + seconds
        try:
            while self.status is None and time.monotonic() < end:
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    return True
                time.sleep(LISTEN_STEP_S)
        except BaseException:
            self.stop()
            raise
        return False

    def read(self, timeout: float) -> tuple[str, str]:
        """Waits for its end; what it wrote. Raises Trouble when it takes longer."""
        try:
            stdout, stderr = self._process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            self.stop()
            raise Trouble(f"did not end within {timeout:.0f} s") from error
        except BaseException:
            self.stop()
            raise
        return stdout or "", stderr or ""

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def stop(self) -> None:
        """Asks the root process; whoever of its group is left after a while is killed."""
        if self.status is None:
            self._process.terminate()
        if not self._is_gone_within(STOP_WAIT_S):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._is_gone_within(STOP_WAIT_S)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _is_gone_within(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self.status is None or self._group_lives():
            if time.monotonic() > end:
                return False
            time.sleep(SETTLE_STEP_S)
        return True

    def _group_lives(self) -> bool:
        """The group's number is the root's, and not given anew while a member is left."""
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


def free_port() -> int:
    """One that nobody has now. It could be taken before it is used; the server then says so, and ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
