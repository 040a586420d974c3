"""debian_servers - servers of Debian's that speak STARTTLS, started for one test on a free loopback port.

None of them has to be there: `start` skips the test, and says which package would have to be installed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import ssl
import subprocess
import time
from pathlib import Path
from typing import Iterator

import pytest
from program import free_port, is_listening

START_WAIT_S = 20.0
STOP_WAIT_S = 10.0
SCHEMA = Path("/etc/ldap/schema/core.schema")


def _find(program: str, package: str) -> str:
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")
    if path is None:
        pytest.skip(f"{program} is not installed (apt-get install --no-install-recommends {package})")
    return path


def _need_root(program: str) -> None:
    if os.getuid() != 0:
        pytest.skip(f"{program} starts as root alone")


@contextlib.contextmanager
def _running(arguments: list[str], port: int, log: Path) -> Iterator[int]:
    with log.open("wb") as out:
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + START_WAIT_S
        while not is_listening(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{arguments[0]} did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def smtp(folder: Path, chain: Path, key: Path, name: str) -> Iterator[int]:
    controller = pytest.importorskip("aiosmtpd.controller",
                                     reason="aiosmtpd is not installed (apt-get install python3-aiosmtpd)")
    from aiosmtpd.handlers import Sink
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    port = free_port()
    server = controller.Controller(Sink(), hostname="127.0.0.1", port=port, tls_context=context, server_hostname=name)
    server.start()
    try:
        yield port
    finally:
        server.stop()


@contextlib.contextmanager
def _dovecot(protocol: str, folder: Path, chain: Path, key: Path) -> Iterator[int]:
    program = _find("dovecot", f"dovecot-{protocol}d")
    if not Path(f"/usr/lib/dovecot/{protocol}-login").exists():
        pytest.skip(f"dovecot-{protocol}d is not installed")
    _need_root("dovecot")
    port = free_port()
    settings = folder / "dovecot.conf"
    settings.write_text(f"""
protocols = {protocol}
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}
passdb {{
  driver = static
  args = password=nobody-logs-in
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={folder}
}}
service {protocol}-login {{
  inet_listener {protocol} {{
    port = {port}
  }}
  inet_listener {protocol}s {{
    port = 0
  }}
}}
""")
    with _running([program, "-F", "-c", str(settings)], port, folder / "dovecot.out"):
        yield port


def imap(folder: Path, chain: Path, key: Path, name: str) -> contextlib.AbstractContextManager[int]:
    del name
    return _dovecot("imap", folder, chain, key)


def pop3(folder: Path, chain: Path, key: Path, name: str) -> contextlib.AbstractContextManager[int]:
    del name
    return _dovecot("pop3", folder, chain, key)


@contextlib.contextmanager
def ldap(folder: Path, chain: Path, key: Path, name: str) -> Iterator[int]:
    del name
    program = _find("slapd", "slapd")
    if not SCHEMA.exists():
        pytest.skip(f"slapd is here, and {SCHEMA} is not")
    port = free_port()
    settings = folder / "slapd.conf"
    settings.write_text(f"include {SCHEMA}\npidfile {folder}/slapd.pid\nTLSCertificateFile {chain}\n"
                        f"TLSCertificateKeyFile {key}\nTLSVerifyClient never\n")
    with _running([program, "-f", str(settings), "-h", f"ldap://127.0.0.1:{port}/", "-d", "0"], port,
                  folder / "slapd.out"):
        yield port


@contextlib.contextmanager
def xmpp(folder: Path, chain: Path, key: Path, name: str) -> Iterator[int]:
    program = _find("prosody", "prosody")
    port = free_port()
    settings = folder / "prosody.cfg.lua"
    settings.write_text(f"""
run_as_root = true
daemonize = false
pidfile = "{folder}/prosody.pid"
data_path = "{folder}"
log = {{ info = "*console" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
modules_enabled = {{ "tls", "saslauth" }}
modules_disabled = {{ "s2s" }}
VirtualHost "{name}"
  ssl = {{ certificate = "{chain}", key = "{key}" }}
""")
    with _running([program, "--config", str(settings), "-F"], port, folder / "prosody.out"):
        yield port


SERVERS = {"smtp": smtp, "imap": imap, "pop3": pop3, "ldap": ldap, "xmpp": xmpp}
