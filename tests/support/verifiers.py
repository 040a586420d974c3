"""verifiers - what OpenSSL, GnuTLS and Java say of a chain: they search no issuer but in the chain and the store.

    for verifier in installed(): verdicts = verifier.judge([Question(chain, roots, "www.example")])

OpenSSL is asked as Debian's has it by default (security level 2), GnuTLS by certtool with its profile MEDIUM, Java by
its own trust manager, one JVM for all questions.
"""

from __future__ import annotations

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

WAIT_S = 60
JAVA_WAIT_S = 600


@dataclass(frozen=True)
class Question:
    """PEM files: the chain with the leaf first, the store, and the CRLs; None: nobody looks at revocation."""

    chain: Path
    roots: Path
    name: str
    crls: Path | None = None


@dataclass(frozen=True)
class Verdict:
    """Why the chain, or the name, is refused; empty: it is accepted."""

    chain: str
    name: str


def _run(*command: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="replace",
                          timeout=WAIT_S, check=False)


def _is_address(name: str) -> bool:
    return ":" in name or name.replace(".", "").isdigit()


class OpenSsl:
    name = "OpenSSL"
    needs = "openssl"

    def judge(self, questions: Sequence[Question], jobs: int) -> list[Verdict]:
        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(self._judge, questions))

    def _judge(self, question: Question) -> Verdict:
        # openssl verify takes the first certificate of the file for the leaf.
        crls = ["-crl_check_all", "-CRLfile", question.crls] if question.crls else []
        done = _run("openssl", "verify", "-no-CApath", "-no-CAstore", "-partial_chain", "-purpose", "sslserver",
                    "-auth_level", "2", "-CAfile", question.roots, *crls, "-untrusted", question.chain, question.chain)
        why = "" if done.returncode == 0 else done.stdout + done.stderr
        option = "-checkip" if _is_address(question.name) else "-checkhost"
        named = _run("openssl", "x509", "-noout", "-in", question.chain, option, question.name)
        return Verdict(why, "" if "does match" in named.stdout else named.stdout + named.stderr)


class GnuTls:
    name = "GnuTLS"
    needs = "certtool"

    def judge(self, questions: Sequence[Question], jobs: int) -> list[Verdict]:
        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(self._judge, questions))

    def _judge(self, question: Question) -> Verdict:
        asked = ["certtool", "--verify", "--verify-purpose=1.3.6.1.5.5.7.3.1", "--verify-profile=medium",
                 f"--load-ca-certificate={question.roots}", f"--infile={question.chain}",
                 *([f"--load-crl={question.crls}"] if question.crls else [])]
        chain, name = _run(*asked), _run(*asked, f"--verify-hostname={question.name}")
        # certtool judges chain and name as one: the name is refused where the chain alone is not.
        why = "" if chain.returncode == 0 else chain.stdout + chain.stderr
        return Verdict(why, "" if name.returncode == 0 else "the name does not match" if not why else "unknown")


class Java:
    name = "Java"
    needs = "javac"
    _SOURCE = Path(__file__).with_name("PathChecker.java")

    def judge(self, questions: Sequence[Question], _jobs: int) -> list[Verdict]:
        lines = "".join(f"{question.chain}\t{question.roots}\t{question.name}\t{question.crls or ''}\n"
                        for question in questions)
        done = subprocess.run(
            ["java", "-Djava.security.egd=file:/dev/urandom", "--add-exports",
             "java.base/sun.security.util=ALL-UNNAMED", str(self._SOURCE)],
            input=lines, capture_output=True, text=True, timeout=JAVA_WAIT_S, check=False)
        said = done.stdout.split("\n")[:-1]
        assert done.returncode == 0 and len(said) == len(questions), done.stderr
        return [Verdict(*line.split("\t")) for line in said]


Verifier = OpenSsl | GnuTls | Java
ALL: tuple[Verifier, ...] = (OpenSsl(), GnuTls(), Java())


def installed() -> list[Verifier]:
    return [verifier for verifier in ALL if shutil.which(verifier.needs)]
