"""debian_servers - servers of Debian's that speak STARTTLS, started for one test on a free loopback port.

Each is this machine's own, or one that scripts/unpack-servers.sh unpacked into .deps: that one runs in a mount
namespace in which it stands at its usual place. Where there is neither, the test is skipped, with the reason.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from typing import Iterator

import pytest
from child_server import running
from namespaces import mount_namespace
from program import free_port

TREE = Path(__file__).resolve().parents[2] / ".deps" / "servers" / "tree"
PLACES = ("/usr/sbin", "/usr/bin", "/usr/lib/dovecot")
# Lays usr and etc of the tree, the first argument, over those of this machine, for the command that follows.
OVER_THIS_MACHINE = """
for place in usr etc; do
    mount -t overlay -o "lowerdir=$0/$place:/$place" overlay "/$place" || exit 126
done
exec "$@"
"""


@functools.lru_cache(maxsize=None)
def _unpacked() -> list[str]:
    """The start of a command that runs in the tree; skips the test where nothing may be laid over this machine's."""
    way = [*mount_namespace(), "sh", "-c", OVER_THIS_MACHINE, str(TREE)]
    tried = subprocess.run([*way, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"Debian's servers cannot be laid over this machine's: {tried.stderr.strip()}")
    return way


def find(program: str, package: str) -> list[str]:
    """The start of the command that runs a program of Debian's; skips the test where there is no such program."""
    path = shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), *PLACES]))
    if path is not None:
        return [path]
    for place in PLACES:
        if (TREE / place[1:] / program).exists():
            return [*_unpacked(), f"{place}/{program}"]
    pytest.skip(f"{program} is neither installed nor unpacked (scripts/unpack-servers.sh; Debian's {package})")


def _python_module(module: str, package: str) -> types.ModuleType:
    packages = TREE / "usr/lib/python3/dist-packages"
    if packages.is_dir() and str(packages) not in sys.path:
        sys.path.append(str(packages))
    return pytest.importorskip(module, reason=f"{package} is neither installed nor unpacked "
                                              "(scripts/unpack-servers.sh)")


def _need_root(program: str) -> None:
    if os.getuid() != 0:
        pytest.skip(f"{program} starts as root alone")


@contextlib.contextmanager
def smtp(folder: Path, chain: Path, key: Path, name: str) -> Iterator[int]:
    controller = _python_module("aiosmtpd.controller", "python3-aiosmtpd")
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
    _need_root("dovecot")
    find(f"{protocol}-login", f"dovecot-{protocol}d")
    program = find("dovecot", "dovecot-core")
    port = free_port()
    settings = folder / "dovecot.conf"
    sockets = tempfile.mkdtemp(prefix="dovecot-")  # the path of a Unix socket has 107 bytes at most
    settings.write_text(f"""
protocols = {protocol}
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = daemon
listen = 127.0.0.1
base_dir = {sockets}
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
    try:
        with running([*program, "-F", "-c", str(settings)], port, folder / "dovecot.out"):
            yield port
    finally:
        shutil.rmtree(sockets)


def imap(folder: Path, chain: Path, key: Path, name: str) -> contextlib.AbstractContextManager[int]:
    del name
    return _dovecot("imap", folder, chain, key)


def pop3(folder: Path, chain: Path, key: Path, name: str) -> contextlib.AbstractContextManager[int]:
    del name
    return _dovecot("pop3", folder, chain, key)


@contextlib.contextmanager
def ldap(folder: Path, chain: Path, key: Path, name: str) -> Iterator[int]:
    del name
    program = find("slapd", "slapd")
    port = free_port()
    settings = folder / "slapd.conf"
    settings.write_text(f"include /etc/ldap/schema/core.schema\npidfile {folder}/slapd.pid\n"
                        f"TLSCertificateFile {chain}\n"
                        f"TLSCertificateKeyFile {key}\nTLSVerifyClient never\n")
    with running([*program, "-f", str(settings), "-h", f"ldap://127.0.0.1:{port}/", "-d", "0"], port,
                 folder / "slapd.out"):
        yield port


@contextlib.contextmanager
def xmpp(folder: Path, chain: Path, key: Path, name: str) -> Iterator[int]:
    program = find("prosody", "prosody")
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
    with running([*program, "--config", str(settings), "-F"], port, folder / "prosody.out"):
        yield port


SERVERS = {"smtp": smtp, "imap": imap, "pop3": pop3, "ldap": ldap, "xmpp": xmpp}
