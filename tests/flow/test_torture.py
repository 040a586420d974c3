"""Connections by the thousand, with resets, half-closes, slow readers and writers on both sides, and reloads.

Every byte is compared, no connection is lost, nothing is left behind.

CHAINMEND_TORTURE_CONNECTIONS and CHAINMEND_TORTURE_SEED make it longer, and another one (scripts/torture.sh does).
"""

import json
import os
import secrets
import subprocess
from pathlib import Path

import pytest
from conftest import NAME
from program import descriptors_of, eventually, free_port

pytestmark = pytest.mark.alone
CONNECTIONS = int(os.environ.get("CHAINMEND_TORTURE_CONNECTIONS", 3000))
SEED = int(os.environ.get("CHAINMEND_TORTURE_SEED") or secrets.randbits(32))
RELOAD_MS = 1000
ROUTES = ["tcp", "tls", "banner", "flaky-tcp", "flaky-tls"]
WAIT_S = 240 + CONNECTIONS / 20
GROWTH_LIMIT_KIB = 32 * 1024  # the sanitizer takes some for each reload; 1 KiB a connection shows in the long run


@pytest.fixture
def torture(binary, world):
    """The client and the backends, which listen already."""
    ports = [free_port() for _ in ROUTES]
    process = subprocess.Popen(
        [binary.parent / "tests" / "torture" / "torture", "--ports", ",".join(map(str, ports)), "--certificate",
         world.complete, "--key", world.key, "--name", NAME, "--seed", str(SEED), "--connections", str(CONNECTIONS),
         "--reload-ms", str(RELOAD_MS)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    ready, *backends = process.stdout.readline().split()
    assert ready == "ready"
    yield process, dict(zip(ROUTES, zip(ports, backends)))
    process.kill()
    process.wait()


def site(world, route, port, backend):
    kind = "tls" if route.endswith("tls") else "tcp"
    name = {"backend_name": NAME} if kind == "tls" else {}
    # Whom a busy machine keeps waiting is not to be cut.
    return {"handshake_timeout": "60s", "connect_timeout": "60s", "listen": f"127.0.0.1:{port}", "hostnames": NAME,
            "certificate": world.complete, "key": world.key, "backend": f"{kind}://127.0.0.1:{backend}", **name}


def test_every_byte_of_every_connection(program, world, torture, monkeypatch, capsys):
    process, ports = torture
    # Freed memory comes back at once, so that the size of the process shows leaks.
    monkeypatch.setenv("ASAN_OPTIONS", f"{os.environ['ASAN_OPTIONS']}:quarantine_size_mb=1"
                                       ":thread_local_quarantine_size_kb=64")
    running = program.run(world.settings(),
                          {route: site(world, route, *pair) for route, pair in ports.items()})
    assert descriptors_of(running.process.pid)  # torture counts them too
    keeps_shadows = "libtsan" in Path(f"/proc/{running.process.pid}/maps").read_text()  # as large as what was ever used
    out, errors = process.communicate(f"{running.process.pid}\n", timeout=WAIT_S)
    assert running.process.poll() is None, running.report()
    assert out, errors + running.report()
    result = json.loads(out)
    with capsys.disabled():
        print(f"\n   {result}")
    assert process.returncode == 0 and result["failures"] == 0, f"{errors}\n{result}\n{running.report()[-6000:]}"
    assert result["fds_after"] <= result["fds_before"], running.report()[-6000:]
    assert keeps_shadows or result["resident_kib_after"] - result["resident_kib_before"] < GROWTH_LIMIT_KIB
    assert result["whole"] > CONNECTIONS / 2 and result["bytes_up"] > 1000 * CONNECTIONS, "it was none"


def test_a_stop_in_the_midst_of_it_leaves_nothing(program, world, torture):
    """Connections in every state are cut, and all that they held is given back: the sanitizer sees to that."""
    process, ports = torture
    running = program.run(world.settings(drain_timeout="300ms"),
                          {route: site(world, route, *pair) for route, pair in ports.items()})
    pid = running.process.pid
    at_rest = len(descriptors_of(pid))
    process.stdin.write(f"{running.process.pid}\n")
    process.stdin.flush()
    eventually("it is in the midst of it", lambda: len(descriptors_of(pid)) > at_rest + 100,
               also=running.report)
    running.stop()
