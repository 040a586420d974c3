"""site_scale - what many sites cost the control thread: a start, reloads, and the admin page's data.

For each number of sites, all with a certificate and a key of their own below one intermediate that the cache holds:

    start        from exec until a client's first handshake is done
    nothing      SIGHUP with nothing changed, until the log says that it is done
    one site     SIGHUP after the certificate of one site was replaced
    by itself    from the replacement of one certificate until it is served, without a signal
    stall        the longest that /healthz was not answered during these
    /api/status  the first answer after it, and the slowest of all its parts

The last column of each is the exponent between this row and the one above it: 1 where the cost grows as the number of
sites does, 0 where it does not grow. Certificates are made by python3-cryptography.

    PYTHONPATH=bench python3 -m compare.site_scale [--build build/release] [--sites 10,1000,10000]
"""

from __future__ import annotations

import argparse
import datetime
import http.client
import json
import math
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .command_line import module_parser, run_module
from .processes import Trouble, free_port

NAME = "scale.example"
DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
WAIT_S = 300
MAX_SITES = 100000
PING_S = 0.01
COLUMNS = ("start", "nothing", "one site", "by itself", "stall", "/api/status", "slowest part")
HEAD = """[chainmend]
workers = 2
fetch = off
admin = {admin}
cache = {folder}/cache
fix_log = {folder}/fixes.jsonl
roots = scale={folder}/root.pem
max_connections = 1000
"""
SITE = """[site s{number}]
listen = 127.0.0.1:{port}
hostnames = {number}.{name}
certificate = {folder}/{number}.crt
key = {folder}/{number}.key
backend = tcp://127.0.0.1:9
"""


class Authority:
    """A root, an intermediate in the cache, and leaves that are served alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root_key, self.key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.root = self._issue("Scale Root", self.root_key, "Scale Root", self.root_key, ca=True)
        self.issuing = self._issue("Scale Issuing", self.key, "Scale Root", self.root_key, ca=True)
        self._write("root.pem", self.root)
        self._write("issuing.pem", self.issuing)

    @staticmethod
    def _name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def _issue(self, subject: str, key: ec.EllipticCurvePrivateKey, issuer: str,
               issuer_key: ec.EllipticCurvePrivateKey, ca: bool) -> x509.Certificate:
        builder = (x509.CertificateBuilder().subject_name(self._name(subject)).issuer_name(self._name(issuer))
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(NOW - DAY).not_valid_after(NOW + 60 * DAY)
                   .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True))
        if not ca:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
        return builder.sign(issuer_key, hashes.SHA256())

    def _write(self, name: str, certificate: x509.Certificate) -> None:
        beside = self.folder / (name + ".new")
        beside.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        os.replace(beside, self.folder / name)

    def make_leaf(self, number: int) -> None:
        """Writes another certificate for another key; the key first, so that no look sees a pair that does not fit."""
        key = ec.generate_private_key(ec.SECP256R1())
        (self.folder / f"{number}.key").write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        self._write(f"{number}.crt", self._issue(f"{number}.{NAME}", key, "Scale Issuing", self.key, ca=False))


class Proxy:
    def __init__(self, binary: Path, folder: Path, count: int) -> None:
        self.folder, self.count, self.port, self.admin = folder, count, free_port(), free_port()
        config = folder / f"{count}.ini"
        config.write_text(HEAD.format(folder=folder, admin=self.admin) + "".join(
            SITE.format(number=number, port=self.port, name=NAME, folder=folder) for number in range(count)))
        self.log = folder / f"{count}.log"
        self.started = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([binary, "run", "-c", config], stderr=log)

    def leaf(self, number: int) -> bytes | None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with socket.create_connection(("127.0.0.1", self.port), WAIT_S) as raw, \
                    context.wrap_socket(raw, server_hostname=f"{number}.{NAME}") as client:
                return client.getpeercert(binary_form=True)
        except OSError:
            return None

    def wait(self, what: str, is_so) -> float:
        """Seconds until it is so."""
        begun = time.monotonic()
        while not is_so():
            if self.process.poll() is not None or time.monotonic() - begun > WAIT_S:
                raise Trouble(f"{what}: {self.log.read_text()[-500:]}")
            time.sleep(0.002)
        return time.monotonic() - begun

    def reload(self) -> float:
        before = self.log.read_text().count("reload: SIGHUP: done")
        self.process.send_signal(signal.SIGHUP)
        return self.wait("a reload", lambda: self.log.read_text().count("reload: SIGHUP: done") > before)

    def ask(self, path: str) -> tuple[float, bytes]:
        begun = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=WAIT_S)
        connection.request("GET", path)
        body = connection.getresponse().read()
        connection.close()
        return time.monotonic() - begun, body

    def settle(self) -> None:
        """Until every chain is judged, and the process rests."""
        def spent() -> int:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            return int(fields[11]) + int(fields[12])
        while True:
            before = spent()
            time.sleep(1)
            if spent() - before <= 3:
                return

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(WAIT_S)


class Pinger(threading.Thread):
    """Asks /healthz all the time; knows the longest wait."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__()
        self.proxy, self.longest, self.ended = proxy, 0.0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(PING_S):
            self.longest = max(self.longest, self.proxy.ask("/healthz")[0])

    def stop(self) -> float:
        self.ended.set()
        self.join()
        return self.longest


def parts(proxy: Proxy) -> list[float]:
    """How long each part of /api/status takes, for one who looks at all of them."""
    took, path = [], "/api/status"
    while path:
        seconds, body = proxy.ask(path)
        if body.startswith(b"Too many"):
            time.sleep(1)
            continue
        took.append(seconds)
        following = json.loads(body)["next"]
        path = f"/api/status?from={following}" if following is not None and len(took) < 5 else ""
    return took


def measure(binary: Path, folder: Path, authority: Authority, count: int) -> list[float]:
    for number in range(count):
        if not (folder / f"{number}.crt").exists():
            authority.make_leaf(number)
    time.sleep(2.5)  # files that are this young are read again by a reload
    proxy = Proxy(binary, folder, count)
    try:
        proxy.wait("the first handshake", lambda: proxy.leaf(0) is not None)
        figures = [time.monotonic() - proxy.started]
        proxy.settle()
        pinger = Pinger(proxy)
        pinger.start()
        figures.append(proxy.reload())
        proxy.settle()
        authority.make_leaf(0)
        figures.append(proxy.reload())
        proxy.settle()
        former = proxy.leaf(0)
        authority.make_leaf(0)
        figures.append(proxy.wait("a renewal", lambda: proxy.leaf(0) != former))
        proxy.settle()
        figures.append(pinger.stop())
        took = parts(proxy)
        return [*figures, took[0], max(took)]
    finally:
        proxy.stop()


def exponent(figure: float, former: float, count: int, former_count: int) -> str:
    return f"{math.log(figure / former) / math.log(count / former_count):5.2f}"


def run(options: argparse.Namespace, folder: Path) -> None:
    print("   sites" + "".join(f"{column:>14}   exp" for column in COLUMNS), flush=True)
    former: tuple[int, list[float]] | None = None
    authority = Authority(folder)
    subprocess.run([options.build / "chainmend", "cache", "import", folder / "issuing.pem", "--cache",
                    folder / "cache"], check=True, capture_output=True)
    for count in options.sites:
        figures = measure(options.build / "chainmend", folder, authority, count)
        print(f"{count:8}" + "".join(
            f"{figure:12.3f} s " + (exponent(figure, former[1][at], count, former[0]) if former else "     ")
            for at, figure in enumerate(figures)), flush=True)
        former = (count, figures)


def read_counts(text: str) -> list[int]:
    """Raises ValueError."""
    counts = sorted({int(count) for count in text.split(",")})
    if not (0 < counts[0] and counts[-1] <= MAX_SITES):
        raise ValueError(text)
    return counts


def main() -> int:
    parser = module_parser("compare.site_scale", __doc__)
    parser.add_argument("--sites", default="10,1000,10000", metavar="N,...")
    options = parser.parse_args()
    try:
        options.sites = read_counts(options.sites)
    except ValueError:
        parser.error(f"--sites: numbers from 1 to {MAX_SITES}, with commas between them")
    return run_module("site_scale", run, options)


if __name__ == "__main__":
    sys.exit(main())
