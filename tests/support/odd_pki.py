"""odd_pki - certificates by the openssl command, with keys and signatures of kinds that BoringSSL does not know.

    root = OddEntity.root(folder, "Root", "p256")
    odd = root.issue("Odd CA", "brainpoolP256r1", authority=True)
    leaf = odd.issue("www.example", "p256", names=["www.example"], sign=["-sha3-256"])
"""

from __future__ import annotations

import itertools
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from pki import sha256_of_pem_chain

_numbers = itertools.count(1)

_EC = ["-algorithm", "EC", "-pkeyopt"]
KEYS = {
    "p256": [*_EC, "ec_paramgen_curve:P-256"],
    "p256 explicit": [*_EC, "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"],
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa-pss": ["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ed448": ["-algorithm", "ED448"],
    "sm2": ["-algorithm", "SM2"],
    **{curve: [*_EC, f"ec_paramgen_curve:{curve}"]
       for curve in ("brainpoolP256r1", "brainpoolP384r1", "brainpoolP512t1", "secp256k1")},
}


def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(argument) for argument in arguments], text=True, capture_output=True, timeout=60)


def _must(*arguments: object) -> None:
    done = run(*arguments)
    assert done.returncode == 0, done


def _make_key(kind: str, path: Path) -> None:
    if kind != "dsa":
        _must("openssl", "genpkey", *KEYS[kind], "-out", path)
        return
    parameters = path.with_suffix(".dsaparam")
    _must("openssl", "genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:2048",
          "-out", parameters)
    _must("openssl", "genpkey", "-paramfile", parameters, "-out", path)


@dataclass
class OddEntity:
    """A certificate in `path`, its key in `key`."""

    path: Path
    key: Path

    @property
    def pem(self) -> str:
        return self.path.read_text()

    @property
    def sha256(self) -> str:
        (digest,) = sha256_of_pem_chain(self.pem)
        return digest

    @property
    def der(self) -> bytes:
        return subprocess.run(["openssl", "x509", "-in", self.path, "-outform", "DER"], check=True,
                              capture_output=True).stdout

    @classmethod
    def root(cls, folder: Path, name: str, kind: str, sign: Sequence[str] = ()) -> "OddEntity":
        stem = folder / f"odd-{next(_numbers)}"
        made = cls(stem.with_suffix(".pem"), stem.with_suffix(".key"))
        _make_key(kind, made.key)
        _must("openssl", "req", "-x509", "-new", "-key", made.key, "-out", made.path, "-subj", f"/CN={name}", "-days",
              "3650", *sign, "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        return made

    def issue(self, name: str, kind: str, *, authority: bool = False, names: Sequence[str] = (), aia: str = "",
              sign: Sequence[str] = ()) -> "OddEntity":
        stem = self.path.parent / f"odd-{next(_numbers)}"
        made = OddEntity(stem.with_suffix(".pem"), stem.with_suffix(".key"))
        request, extensions = stem.with_suffix(".csr"), stem.with_suffix(".ext")
        lines = ["subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"]
        if authority:
            lines += ["basicConstraints=critical,CA:true", "keyUsage=critical,keyCertSign,cRLSign"]
        else:
            lines += ["keyUsage=critical,digitalSignature", "extendedKeyUsage=serverAuth",
                      "subjectAltName=" + ",".join(f"DNS:{name}" for name in names)]
        if aia:
            lines += [f"authorityInfoAccess=caIssuers;URI:{aia}"]
        extensions.write_text("\n".join(lines) + "\n")
        _make_key(kind, made.key)
        _must("openssl", "req", "-new", "-key", made.key, "-out", request, "-subj", f"/CN={name}")
        _must("openssl", "x509", "-req", "-in", request, "-CA", self.path, "-CAkey", self.key, "-out", made.path,
              "-days", "1000" if authority else "200", "-extfile", extensions, *sign)
        return made
