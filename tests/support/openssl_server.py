"""openssl_server - `openssl s_server` with a leaf of any kind of key, which answers a GET with a page."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path
from typing import Iterator

from pki import Authority
from program import eventually, free_port, is_listening

# The arguments of `openssl genpkey` for each kind.
KINDS = {
    "RSA-2048": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
    "RSA-4096": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"),
    "RSA-8192": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:8192"),
    "RSA-PSS": ("-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"),
    "P-224": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-224"),
    "P-256": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "P-384": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
    "P-521": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"),
    "Ed25519": ("-algorithm", "ED25519"),
    "Ed448": ("-algorithm", "ED448"),
}


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=300)


def make_leaf(folder: Path, issuer: Authority, name: str, kind: str, key_usage: str = "digitalSignature") -> Path:
    """One file with a key of this kind, its leaf and the issuer. DSA parameters come from a file of their own."""
    key, leaf, extensions = (folder / f"{kind}.{end}" for end in ("key", "pem", "cnf"))
    issuer_pem, issuer_key = issuer.write(folder, "issuer")
    if kind == "DSA":
        _openssl("genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:2048", "-out",
                 folder / "dsa.parameters")
        _openssl("genpkey", "-paramfile", folder / "dsa.parameters", "-out", key)
    else:
        _openssl("genpkey", *KINDS[kind], "-out", key)
    extensions.write_text(f"subjectAltName = DNS:{name}\nkeyUsage = critical,{key_usage}\n"
                          "extendedKeyUsage = serverAuth\nbasicConstraints = CA:FALSE\n")
    _openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", folder / "request")
    _openssl("x509", "-req", "-in", folder / "request", "-CA", issuer_pem, "-CAkey", issuer_key, "-days", "90",
             "-extfile",
             extensions, "-set_serial", "4711", "-out", leaf)
    whole = folder / f"{kind}-whole.pem"
    whole.write_text(key.read_text() + leaf.read_text() + issuer_pem.read_text())
    return whole


@contextlib.contextmanager
def openssl_server(folder: Path, whole: Path, *more: object, port: int | None = None) -> Iterator[int]:
    """Yields the port. The chain is in issuer.pem of the folder. `more` are options of s_server."""
    port = port or free_port()
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", whole, "-key", whole, "-cert_chain",
               folder / "issuer.pem", "-www", *more]
    with (folder / f"s_server-{port}.out").open("wb") as output, subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output) as server:
        try:
            eventually("openssl s_server listens", lambda: server.poll() is not None or is_listening(port))
            assert server.poll() is None, (folder / f"s_server-{port}.out").read_text(errors="replace")
            yield port
        finally:
            server.kill()
