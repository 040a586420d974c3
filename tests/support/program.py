"""program - starts the real chainmend, watches it, and sees that it ends as it should.

A test fails when a run does not exit cleanly, when a sanitizer reports something, or when a wait takes too long.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping

import fix_log_schema
import pytest
from ports import free_port  # noqa: F401  (the tests take it from here)

COMMAND_WAIT_S = 90.0
START_WAIT_S = 30.0
EVENT_WAIT_S = 30.0
SANITIZER_MARKS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:", "UndefinedBehavior")
KEPT_VARIABLES = ("PATH", "LANG", "TMPDIR", "CHAINMEND", "JAVA_HOME")


def clean_environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {**kept, "HOME": str(home), "XDG_CACHE_HOME": str(home / "xdg-cache"), "NO_PROXY": "*",
            "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99", "UBSAN_OPTIONS": "print_stacktrace=1",
            "TSAN_OPTIONS": "exitcode=99"}


def eventually(what: str, condition: Callable[[], Any], wait_s: float = EVENT_WAIT_S,
               also: Callable[[], str] = lambda: "") -> Any:
    """Waits until `condition` returns something true, and returns that."""
    deadline = time.monotonic() + wait_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {wait_s:.0f} s. {also()}")
        time.sleep(0.02)


def open_to_everybody(folder: Path) -> None:
    """Lets every user into a test's folder, through those above it that are the test's own too."""
    for one in (folder, *folder.parents):
        if one.stat().st_uid == os.geteuid() and one != Path("/"):
            one.chmod(one.stat().st_mode | 0o055)


def descriptors_of(pid: int) -> list[str]:
    """The numbers of what a chainmend has open; skips the test of whom it does not show them."""
    try:
        return os.listdir(f"/proc/{pid}/fd")
    except PermissionError:
        pytest.skip("chainmend dumps no core, so that the kernel shows root alone what it has open")


def is_listening(port: int) -> bool:
    """From the kernel's table: a connection to find out would be one that the program has to handle."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except FileNotFoundError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                return True
    return False


def configuration(settings: Mapping[str, object], sites: Mapping[str, Mapping[str, object]]) -> str:
    """A list as a value repeats its key."""
    lines: list[str] = []
    for title, keys in [("chainmend", settings), *((f"site {name}", keys) for name, keys in sites.items())]:
        lines.append(f"[{title}]")
        for key, value in keys.items():
            for item in value if isinstance(value, (list, tuple)) else [value]:
                lines.append(f"{key} = {item}")
        lines.append("")
    return "\n".join(lines)


class Running:
    """A `chainmend run` under way."""

    def __init__(self, process: subprocess.Popen[bytes], fix_log: Path | None) -> None:
        self.process = process
        self.fix_log = fix_log
        self._stderr: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.expected_status = 0

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._stderr.append(line.decode(errors="replace"))

    @property
    def stderr(self) -> str:
        return "".join(self._stderr)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self, wait_s: float = COMMAND_WAIT_S) -> int:
        try:
            status = self.process.wait(wait_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self._reader.join(5)
            raise AssertionError(f"chainmend did not end within {wait_s:.0f} s; it said:\n{self.stderr}") from None
        self._reader.join(5)
        return status

    def fix_lines(self) -> list[str]:
        """Every line of the fix log, rotated files too; where it goes to stderr, from there."""
        if self.fix_log is None:
            return [line for line in self.stderr.splitlines() if line.startswith('{"time":')]
        files = sorted(self.fix_log.parent.glob(self.fix_log.name + "*")) if self.fix_log.parent.is_dir() else []
        texts = [path.read_text() for path in files if path.is_file() and path.suffix != ".gz"]
        return [line for text in texts for line in text[:text.rfind("\n") + 1].splitlines()]

    def stop(self) -> None:
        """SIGTERM, and a clean end."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        status = self.wait()
        said = self.stderr
        assert not any(mark in said for mark in SANITIZER_MARKS), said
        assert status == self.expected_status, f"status {status}, and it said:\n{said}"

    def fixes(self) -> list[dict[str, Any]]:
        """The fix log so far; each line must be a JSON object."""
        if self.fix_log is None or not self.fix_log.exists():
            return []
        text = self.fix_log.read_text()
        whole = text[:text.rfind("\n") + 1]
        return [json.loads(line) for line in whole.splitlines()]

    def wait_for_fix(self, code: str, **fields: Any) -> dict[str, Any]:
        def find() -> dict[str, Any] | None:
            for line in self.fixes():
                if line["code"] == code and all(line.get(name) == value for name, value in fields.items()):
                    return line
            return None
        found: dict[str, Any] = eventually(f"a {code} {fields or ''} in the fix log", find, also=self.report)
        return found

    def wait_for_words(self, words: str, after: int = 0) -> None:
        """In what it says on stderr, from the character `after` on."""
        eventually(f"{words!r} on stderr", lambda: words in self.stderr[after:], also=self.report)

    def report(self) -> str:
        log = self.fix_log.read_text() if self.fix_log is not None and self.fix_log.exists() else "(none)"
        return f"It said:\n{self.stderr}\nIts fix log:\n{log}"


class Program:
    def __init__(self, binary: Path, folder: Path) -> None:
        self.binary = binary
        self.folder = folder
        self._running: list[Running] = []
        self._num_configurations = 0

    def command(self, *arguments: object, input_text: str | None = None, cwd: Path | None = None,
                environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Runs one command to its end."""
        result = subprocess.run([str(self.binary), *(str(argument) for argument in arguments)], input=input_text,
                                stdin=subprocess.DEVNULL if input_text is None else None, capture_output=True,
                                text=True, errors="replace", timeout=COMMAND_WAIT_S, cwd=cwd,
                                env={**os.environ, **(environment or {})}, check=False)
        assert not any(mark in result.stderr for mark in SANITIZER_MARKS), result.stderr
        assert result.returncode >= 0, f"ended by signal {-result.returncode}: {result.stderr}"
        return result

    def write(self, settings: Mapping[str, object], sites: Mapping[str, Mapping[str, object]]) -> Path:
        self._num_configurations += 1
        path = self.folder / f"chainmend-{self._num_configurations}.ini"
        path.write_text(configuration(settings, sites))
        return path

    def spawn(self, *arguments: object, fix_log: Path | None = None,
              limits: Mapping[int, int] | None = None) -> Running:
        """Starts `chainmend run` with these arguments and limits of setrlimit, and does not wait for anything."""
        def limit() -> None:
            for kind, most in (limits or {}).items():
                resource.setrlimit(kind, (most, most))
        process = subprocess.Popen([str(self.binary), "run", *(str(argument) for argument in arguments)],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   preexec_fn=limit if limits else None)
        running = Running(process, fix_log)
        self._running.append(running)
        return running

    def run(self, settings: Mapping[str, object], sites: Mapping[str, Mapping[str, object]],
            ports: Iterable[int] = (), limits: Mapping[int, int] | None = None) -> Running:
        """Starts the proxy and waits until it listens on every port of its sites."""
        fix_log = settings.get("fix_log")
        running = self.spawn("-c", self.write(settings, sites),
                             fix_log=fix_log if isinstance(fix_log, Path) else None, limits=limits)
        wanted = set(ports)
        for keys in sites.values():
            listens = keys["listen"]
            for listen in listens if isinstance(listens, (list, tuple)) else [listens]:
                wanted.add(int(str(listen).rsplit(":", 1)[-1]))
        self.wait_listening(running, wanted)
        return running

    def wait_listening(self, running: Running, ports: Iterable[int]) -> None:
        ports = set(ports)

        def ready() -> bool:
            if running.process.poll() is not None:
                running.wait()
                raise AssertionError(f"it ended with status {running.process.returncode}: {running.stderr}")
            return all(is_listening(port) for port in ports)
        eventually(f"listening on {sorted(ports)}", ready, START_WAIT_S, running.report)

    def finish(self) -> None:
        """Everything ends as it should, and every line of every fix log is one that docs/fix-log.schema.json allows."""
        problems = []
        for running in self._running:
            try:
                running.stop()
            except AssertionError as why:
                problems.append(str(why))
            problems += [why for line in running.fix_lines() if (why := fix_log_schema.what_is_wrong(line))]
        assert not problems, "\n".join(problems)
