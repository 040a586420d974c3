"""hostile_backend - a TLS server that shows each connection another chain, each as costly to judge as it can be.

One leaf with many names below two levels of issuers; all of a level have one name and key, so that each combination
is a path, and each has name constraints to be compared with each name. Their root comes along. A chain has about 43 KB.

    python3 tests/support/hostile_backend.py FOLDER COUNT      writes chain-0.pem ... and hostile.key
"""

from __future__ import annotations

import itertools
import sys
import threading
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from pki import Authority, Entity, NOW, DAY, chain_pem, new_key, _as_authority, _builder, _name
from tls_servers import Talk, TlsServer, echo

NUM_NAMES = 1000
NUM_CONSTRAINTS = 125
NUM_TWINS = 8  # on each level: 64 paths


def _twins(common_name: str, issuer: Authority) -> list[Authority]:
    key = new_key()
    return [_constrained(common_name, issuer, key, i) for i in range(NUM_TWINS)]


def _constrained(common_name: str, issuer: Authority, key: Any, number: int) -> Authority:
    """No name falls under a subtree, so that each is compared with all."""
    excluded = [x509.DNSName(f"{number}-{i}.no") for i in range(NUM_CONSTRAINTS)]
    builder = _builder(_name(common_name), issuer.certificate.subject, key.public_key(), NOW - DAY, NOW + 300 * DAY)
    builder = _as_authority(builder, key.public_key(), issuer.key.public_key(), None)
    builder = builder.add_extension(x509.NameConstraints(None, excluded), critical=True)
    return Authority(builder.sign(issuer.key, hashes.SHA256()), key, common_name)


class HostileChains:
    """Chains for `name`, one key for all leaves."""

    def __init__(self, name: str) -> None:
        self.root = Authority.root("Hostile Root")
        upper = _twins("Hostile Upper", self.root)
        self.issuers = [*_twins("Hostile CA", upper[0]), *upper]
        self.key = new_key()
        self.names = [name, *(f"{i}.{name}" for i in range(NUM_NAMES - 1))]
        self._alt_names = x509.SubjectAlternativeName([x509.DNSName(each) for each in self.names])

    def fresh(self) -> str:
        """PEM, of a leaf that nobody has seen."""
        builder = _builder(_name("hostile"), self.issuers[0].certificate.subject, self.key.public_key(), NOW - DAY,
                           NOW + 100 * DAY).add_extension(self._alt_names, critical=False)
        leaf = Entity(builder.sign(self.issuers[0].key, hashes.SHA256()), self.key, "hostile")
        return chain_pem(leaf, *self.issuers, self.root)

    def write(self, folder: Path, count: int) -> tuple[list[Path], Path]:
        paths = [folder / f"chain-{i}.pem" for i in range(count)]
        for path in paths:
            path.write_text(self.fresh())
        key = folder / "hostile.key"
        key.write_text(Entity(self.root.certificate, self.key, "").key_pem)
        return paths, key


class HostileServer(TlsServer):
    """Shows the chains in turn, from the first again when all were shown."""

    def __init__(self, chains: list[Path], key: Path, talk: Talk = echo) -> None:
        super().__init__(chains[0], key, talk)
        self._contexts = itertools.cycle([self._new_context(chain, key) for chain in chains])
        self._lock = threading.Lock()

    def _open(self, sock: Any) -> Any:
        with self._lock:
            self._context = next(self._contexts)
        return super()._open(sock)


if __name__ == "__main__":
    HostileChains("a.test").write(Path(sys.argv[1]), int(sys.argv[2]))
