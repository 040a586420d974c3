"""credentials - certificates for one run: a leaf of each kind below its root, and one whose issuer is missing."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from .processes import Trouble

NAME = "bench.example"
DAYS = "30"
NEW_KEY = {"ecdsa": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["rsa:2048"]}
AUTHORITY = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
LEAF = ("basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature", "extendedKeyUsage=serverAuth",
        f"subjectAltName=DNS:{NAME}")
OPENSSL_WAIT_S = 30.0


@dataclass(frozen=True)
class Credential:
    """Holds the files of a server: `certificate` (leaf first), `key`, `pem` (both), `roots` (what clients trust)."""

    certificate: Path
    key: Path
    pem: Path
    roots: Path
    cache: Path | None = None  # intermediates that chainmend finds there


@dataclass(frozen=True)
class Pair:
    certificate: Path
    key: Path


def make_credentials(folder: Path) -> dict[str, Credential]:
    """`ecdsa` and `rsa`: a leaf right below its root, so that no server has a chain to send or to mend. `complete`:
    leaf and intermediate; `mended`: the leaf alone, and the intermediate where chainmend finds it."""
    folder.mkdir(parents=True)
    made = {}
    for kind in NEW_KEY:
        root = _make(folder, f"{kind}-root", kind, AUTHORITY)
        leaf = _make(folder, f"{kind}-leaf", kind, LEAF, root)
        made[kind] = _credential(folder, kind, leaf, [leaf], root)
    root = _make(folder, "root", "ecdsa", AUTHORITY)
    issuing = _make(folder, "issuing", "ecdsa", AUTHORITY, root)
    leaf = _make(folder, "leaf", "ecdsa", LEAF, issuing)
    made["complete"] = _credential(folder, "complete", leaf, [leaf, issuing], root)
    made["mended"] = _credential(folder, "mended", leaf, [leaf], root, _make_cache(folder / "cache", issuing))
    return made


def _credential(folder: Path, stem: str, leaf: Pair, chain: list[Pair], root: Pair,
                cache: Path | None = None) -> Credential:
    certificate = folder / f"{stem}.pem"
    certificate.write_text("".join(link.certificate.read_text() for link in chain))
    pem = folder / f"{stem}-with-key.pem"
    pem.write_text(leaf.key.read_text() + certificate.read_text())
    return Credential(certificate, leaf.key, pem, root.certificate, cache)


def _make_cache(folder: Path, issuer: Pair) -> Path:
    """A cache of chainmend's: a file is named by its certificate's digest."""
    folder.mkdir()
    digest = _openssl("x509", "-in", str(issuer.certificate), "-noout", "-fingerprint", "-sha256")
    name = digest.split("=", 1)[1].strip().replace(":", "").lower()
    (folder / f"{name}.pem").write_text(issuer.certificate.read_text())
    return folder


def _make(folder: Path, stem: str, kind: str, extensions: tuple[str, ...], issuer: Pair | None = None) -> Pair:
    made = Pair(folder / f"{stem}.crt", folder / f"{stem}.key")
    flags = [flag for extension in extensions for flag in ("-addext", extension)]
    if issuer is not None:
        flags += ["-CA", str(issuer.certificate), "-CAkey", str(issuer.key)]
    _openssl("req", "-x509", "-newkey", *NEW_KEY[kind], "-nodes", "-sha256", "-days", DAYS,
             "-subj", f"/CN=bench {stem}", "-keyout", str(made.key), "-out", str(made.certificate), *flags)
    return made


def _openssl(*arguments: str) -> str:
    try:
        return subprocess.run(["openssl", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=OPENSSL_WAIT_S, check=True).stdout
    except subprocess.CalledProcessError as error:
        raise Trouble(f"openssl {arguments[0]}: {error.stderr.strip()[-200:]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Trouble(f"openssl {arguments[0]}: {error}") from error
