"""bench_tool - starts the real chainmend-bench and the echo backend of the same build."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, Iterator

import pytest
from child_server import running
from program import SANITIZER_MARKS, free_port

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "bench.schema.json").read_text())
WAIT_S = 60.0


class Bench:
    def __init__(self, binary: Path) -> None:
        self.binary = binary

    def run(self, *arguments: object, status: int | None = 0) -> subprocess.CompletedProcess[str]:
        """`status` is what it must end with; None: anything."""
        result = subprocess.run([str(self.binary), *(str(argument) for argument in arguments)], capture_output=True,
                                text=True, timeout=WAIT_S, check=False)
        assert not any(mark in result.stderr for mark in SANITIZER_MARKS), result.stderr
        said = f"status {result.returncode}: {result.stderr}\n{result.stdout}"
        assert status is None or result.returncode == status, said
        return result

    def json(self, *arguments: object, status: int = 0) -> dict[str, Any]:
        """The document, held against its schema where jsonschema is there."""
        return self.document(self.run(*arguments, "--json", status=status).stdout)

    @staticmethod
    def document(text: str) -> dict[str, Any]:
        made: dict[str, Any] = json.loads(text)
        try:
            import jsonschema
        except ImportError:
            return made
        jsonschema.Draft202012Validator(SCHEMA).validate(made)
        return made

    def spawn(self, *arguments: object, **more: Any) -> subprocess.Popen[str]:
        return subprocess.Popen([str(self.binary), *(str(argument) for argument in arguments)], text=True,
                                stdin=subprocess.DEVNULL, **more)


@contextlib.contextmanager
def echo_backend(binary: Path) -> Iterator[int]:
    """The port of one that runs; it must end well on SIGTERM."""
    process = subprocess.Popen([str(binary)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline().rsplit(":", 1)[1])
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=WAIT_S)
        assert process.returncode == 0, said


@contextlib.contextmanager
def openssl_server(folder: Path, chain: Path, key: Path, *more: str) -> Iterator[int]:
    port = free_port()
    arguments = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", str(chain), "-cert_chain", str(chain),
                 "-key", str(key), "-www", "-quiet", *more]
    with running(arguments, port, folder / "s_server.out"):
        yield port


@contextlib.contextmanager
def nginx(folder: Path, chain: Path, key: Path, *more: str) -> Iterator[tuple[int, int]]:
    """Port and process id of one that answers / alone; its worker is a child. `more`: lines of its server."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("nginx is not installed (apt-get install --no-install-recommends nginx-light)")
    port = free_port()
    settings = folder / "nginx.conf"
    places = "".join(f"{name}_temp_path {folder}/{name};\n" for name in
                     ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    lines = "\n".join(more)
    settings.write_text(f"""
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 512; }}
http {{
access_log off;
{places}
server {{
  listen 127.0.0.1:{port} ssl;
  ssl_certificate {chain};
  ssl_certificate_key {key};
  ssl_protocols TLSv1.2 TLSv1.3;
  {lines}
  location = / {{ return 200 "hello\\n"; }}
  location / {{ return 404; }}
}}
}}
""")
    with running([program, "-p", str(folder), "-e", f"{folder}/nginx-error.log", "-c", str(settings)], port,
                 folder / "nginx.out") as process:
        yield port, process.pid
