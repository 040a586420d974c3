"""peers - the table of servers that are compared, and one of them running."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import string
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .credentials import NAME, Credential
from .processes import Child, Trouble, free_port

FOLDER = Path(__file__).resolve().parents[1] / "peers"
TABLE = FOLDER / "peers.table"
MAX_PEERS = 20
READY_WAIT_S = 10.0
VERSION_WAIT_S = 5.0
VERSION_FLAGS = ("--version", "-v", "-version")


@dataclass(frozen=True)
class Peer:
    """A line of the table: started by us (program, template, arguments), or running already (port, pid, key)."""

    name: str
    program: str = ""
    template: str = ""
    arguments: tuple[str, ...] = ()
    port: int = 0
    pid: int = 0
    key: str = ""

    @property
    def runs_already(self) -> bool:
        return self.pid != 0

    def version(self) -> str:
        """As the program tells it; "" where it does not, "running" for one that we did not start."""
        if self.runs_already:
            return "running"
        for flag in VERSION_FLAGS:
            try:
                done = subprocess.run([self.program, flag], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                      timeout=VERSION_WAIT_S, check=True)
            except (OSError, subprocess.SubprocessError):
                continue
            found = re.search(r"\d+\.\d+[\w.+~-]*", done.stdout + done.stderr)
            if found:
                return found[0]
        return ""


def read_table(path: Path, build: Path) -> list[Peer]:
    """Raises Trouble with file and line on a wrong one."""
    peers: list[Peer] = []
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise Trouble(f"the table of peers cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            peer = _read_line(words, path.parent, build)
        except ValueError as error:
            raise Trouble(f"{path.name}:{number}: {error}") from error
        if peer.name in [other.name for other in peers]:
            raise Trouble(f"{path.name}:{number}: {peer.name} stands there twice")
        peers.append(peer)
    if len(peers) > MAX_PEERS:
        raise Trouble(f"{path.name}: {len(peers)} peers, and {MAX_PEERS} are the most")
    return peers


def _read_line(words: list[str], folder: Path, build: Path) -> Peer:
    name, *rest = words
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,23}", name):
        raise ValueError(f"{name} is no name: letters, digits, dots and dashes, 24 at the most")
    if rest and rest[0].isdigit():
        return _read_running(name, rest)
    if len(rest) < 2:
        raise ValueError("a line has a name, a program, a template and arguments, or a name, a port and a pid")
    program, template, *arguments = rest
    if not (folder / template).is_file():
        raise ValueError(f"there is no template {template} beside the table")
    program = program.replace("{build}", str(build))
    return Peer(name, program, str(folder / template), tuple(arguments))


def _read_running(name: str, words: list[str]) -> Peer:
    if not 2 <= len(words) <= 3 or not words[1].isdigit():
        raise ValueError("a server that runs already has a name, a port, a pid, and perhaps its key, ecdsa or rsa")
    port, pid, key = int(words[0]), int(words[1]), words[2] if len(words) == 3 else "ecdsa"
    if not 0 < port < 65536:
        raise ValueError(f"{port} is no port")
    if key not in ("ecdsa", "rsa"):
        raise ValueError(f"{key} is no kind of key: ecdsa or rsa")
    return Peer(name, port=port, pid=pid, key=key)


def find_program(peer: Peer) -> str | None:
    """Where its program is: /usr/sbin counts, be it in the path or not."""
    return shutil.which(peer.program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


class Server(Protocol):
    """Names a server that can be measured, its port and its first process."""

    name: str
    port: int
    pid: int

    def stop(self) -> None: ...


class RunningServer:
    """One that somebody else started, and stops."""

    def __init__(self, peer: Peer) -> None:
        self.name = peer.name
        self.port = peer.port
        self.pid = peer.pid

    def stop(self) -> None:
        pass


class StartedServer:
    """A peer with one credential and a number of workers, in a folder of its own, listening when this returns."""

    def __init__(self, peer: Peer, credential: Credential, folder: Path, backend: int, workers: int,
                 cpus: list[int]) -> None:
        self.name = peer.name
        self.port = free_port()
        folder.mkdir(parents=True)
        config = folder / Path(peer.template).name
        words = {"port": self.port, "backend": backend, "workers": workers, "run": folder, "name": NAME,
                 "user": "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name,
                 "certificate": credential.certificate, "key": credential.key, "pem": credential.pem,
                 "roots": credential.roots, "cache": credential.cache or folder / "cache"}
        config.write_text(_fill(Path(peer.template), words))
        arguments = [word.replace("{config}", str(config)).replace("{run}", str(folder)) for word in peer.arguments]
        program = find_program(peer)
        if program is None:
            raise Trouble(f"{peer.name}: there is no program {peer.program}")
        self._log = folder / "output"
        with self._log.open("w") as log:
            self._child = Child([program, *arguments], cpus, stdout=log, stderr=subprocess.STDOUT,
                                environment={**os.environ, "OPENSSL_CONF": str(FOLDER / "openssl.cnf")})
        self.pid = self._child.pid
        try:
            self._wait_until_it_listens()
        except BaseException:
            self._child.stop()
            raise

    def _wait_until_it_listens(self) -> None:
        if not self._child.listens_within(READY_WAIT_S, self.port):
            what = "does not listen" if self._child.status is None else "ended at once"
            raise Trouble(f"{self.name} {what}: {self._last_words()}")

    def _last_words(self) -> str:
        return self._log.read_text(errors="replace").strip()[-300:] or "it said nothing"

    def stop(self) -> None:
        self._child.stop()


def _fill(template: Path, words: dict[str, object]) -> str:
    try:
        return string.Template(template.read_text()).substitute(words)
    except (KeyError, ValueError) as error:
        raise Trouble(f"{template.name}: {error} is none of the words that are filled in: "
                      f"{', '.join(words)}") from error
