"""cross_check - takes chains of many_inputs through check, mend, cache import and run, and asks other verifiers.

    result = cross_check(binary, folder, seed=7, count=60, jobs=2)
    print(result.table()); assert not result.failures

What chainmend says must hold by itself (a document that agrees with its status, a mended chain that no verifier likes
less than the served one, the same chain from check, mend and run), and where it says otherwise than OpenSSL, GnuTLS
or Java, known_differences.py must have the reason.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator

import known_differences
from chain_forms import CHAIN_FORMS, CSV, STORE_FORMS, Form, block
from clients import served_chain
from known_differences import Difference, Side
from many_inputs import Input, Made, make_input
from pki import sha256_of_pem_chain
from ports import free_port
from program import SANITIZER_MARKS, Program, clean_environment, eventually
from signing_keys import Keys
from verifiers import ALL, Question, Verdict, installed

COMMAND_WAIT_S = 60
BATCH = 100  # inputs whose files are there at one time
SITES = 25  # in one `run`
SERVABLE_KEYS = ("p256", "p384", "rsa")  # that every client takes


@dataclass
class Case:
    """An input with its files, and what was said of it."""

    given: Input
    folder: Path
    chain_form: str
    store_form: str
    report: dict[str, Any] | None = None  # None: it could not be read
    verdicts: dict[tuple[str, Side], Verdict] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    @property
    def form(self) -> Form:
        return CHAIN_FORMS[self.chain_form]

    @property
    def chain(self) -> Path:
        return self.folder / f"chain.{self.form.suffix}"

    @property
    def roots(self) -> Path:
        return self.folder / f"roots.{STORE_FORMS[self.store_form].suffix}"

    @property
    def import_from(self) -> Path:
        """The chain; in every third input as a table."""
        return self.folder / "chain.csv" if self.given.number % 3 == 0 else self.chain

    def pem(self, what: str) -> Path:
        return self.folder / f"{what}-as.pem"

    def fail(self, words: str) -> None:
        self.failures.append(words)

    def __str__(self) -> str:
        return (f"input {self.given.number} ({', '.join(self.given.kinds)}; {self.chain_form}; "
                f"store {self.store_form}; {self.folder})")


def _pem(certificates: list[Made]) -> bytes:
    return CHAIN_FORMS["pem"].write([made.der for made in certificates])


def _prepare(given: Input, folder: Path, rng: random.Random) -> Case:
    chain_form = rng.choice(list(CHAIN_FORMS)) if rng.random() < .3 else "pem"
    store_form = rng.choice(list(STORE_FORMS)) if rng.random() < .3 else "pem"
    if CHAIN_FORMS[chain_form].reads == "first":
        given.served = given.served[:1]
    if STORE_FORMS[store_form].reads == "first":
        given.roots = given.roots[:1]
    case = Case(given, folder / str(given.number), chain_form, store_form)
    (case.folder / "cache").mkdir(parents=True)
    case.chain.write_bytes(case.form.write([made.der for made in given.served]))
    if case.import_from != case.chain:
        case.import_from.write_bytes(CSV.write([made.der for made in given.served]))
    case.roots.write_bytes(STORE_FORMS[store_form].write([made.der for made in given.roots]))
    case.pem("roots").write_bytes(_pem(given.roots))
    if given.crls:
        case.pem("crls").write_text("".join(block("X509 CRL", der) for der in given.crls))
    for made in given.cache:
        (case.folder / "cache" / f"{made.sha256}.pem").write_bytes(_pem([made]))
    if given.leaf.key.private is not None:
        (case.folder / "leaf.key").write_text(given.leaf.key.pem)
    return case


class _Commands:
    def __init__(self, binary: Path, folder: Path) -> None:
        self.binary = binary
        self.environment = clean_environment(folder)

    def run(self, case: Case, *arguments: object) -> "subprocess.CompletedProcess[str] | None":
        """None: it did not come to an end."""
        try:
            done = subprocess.run([str(self.binary), *map(str, arguments)], capture_output=True, text=True,
                                  errors="replace", timeout=COMMAND_WAIT_S, env=self.environment, check=False)
        except subprocess.TimeoutExpired:
            case.fail(f"{arguments[0]} did not end within {COMMAND_WAIT_S} s")
            return None
        if done.returncode not in (0, 1, 2, 3) or any(mark in done.stderr for mark in SANITIZER_MARKS):
            case.fail(f"{arguments[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
            return None
        return done

    def judge(self, case: Case) -> None:
        options = ("--roots", f"r={case.roots}", "--cache", case.folder / "cache", "--offline", "--name",
                   case.given.asked, *(["--crl", case.pem("crls")] if case.given.crls else []))
        out = case.folder / "mended.pem"
        checked = self.run(case, "check", "--chain", case.chain, "--json", *options)
        mended = self.run(case, "mend", case.chain, "-o", out, *options)
        imported = self.run(case, "cache", "import", case.import_from, "--cache", case.folder / "import")
        if checked is None or mended is None or imported is None:
            return
        if case.form.reads == "none":
            _expect_unread(case, checked, mended, out)
        elif checked.returncode == 3:
            case.fail(f"it was not read: {checked.stderr or checked.stdout}")
        else:
            case.report = json.loads(checked.stdout)
            _expect_agreement(case, checked, mended, out)
            _expect_import(case)


def _expect_unread(case: Case, checked: "subprocess.CompletedProcess[str]",
                   mended: "subprocess.CompletedProcess[str]", out: Path) -> None:
    if (checked.returncode, mended.returncode) != (3, 3) or out.exists():
        case.fail(f"damaged, and status {checked.returncode} and {mended.returncode}")
    if "chainmend" not in mended.stderr or str(case.chain) not in mended.stderr:
        case.fail(f"damaged, and this does not say which file: {mended.stderr}")


def _expect_agreement(case: Case, checked: "subprocess.CompletedProcess[str]",
                      mended: "subprocess.CompletedProcess[str]", out: Path) -> None:
    """The document with itself, with the status, and with what mend wrote."""
    report, status = case.report, checked.returncode
    assert report is not None
    severities = {finding["severity"] for finding in report["findings"]}
    if report["exit_status"] != status or mended.returncode != (status if status == 2 else 0):
        case.fail(f"status {status}, exit_status {report['exit_status']}, and mend's {mended.returncode}")
    if (status == 2) != ("error" in severities) or (status == 1) != (severities & {"error", "fixed"} == {"fixed"}):
        case.fail(f"status {status} with {severities}")
    expected = [made.sha256 for made in case.given.served]
    said = [certificate["sha256"] for certificate in report["served"]]
    if sorted(said) != sorted(expected) or (case.form.reads != "set" and said != expected):
        case.fail(f"served as {said}, and it is {expected}")
    if sha256_of_pem_chain(out.read_text()) != [certificate["sha256"] for certificate in report["mended"]]:
        case.fail("check and mend do not mend alike")
    if report["mended_trusted"] and not report["served_trusted"] and status == 0:
        case.fail("a repair without a word")
    by_sha256 = {made.sha256: made for made in case.given.served}
    case.pem("served").write_bytes(_pem([by_sha256[sha256] for sha256 in said if sha256 in by_sha256]))
    case.pem("mended").write_bytes(out.read_bytes())


def _expect_import(case: Case) -> None:
    expected = {made.sha256 for made in case.given.served
                if made.part.ca and (made.part.version or made.issuer is made.part)}
    folder = case.folder / "import"
    said = {path.stem for path in folder.iterdir() if path.suffix == ".pem"} if folder.is_dir() else set()
    if said != expected:
        case.fail(f"import took {sorted(said)} and not {sorted(expected)}")


def _ask(verifiers: list[Any], cases: list[Case], jobs: int) -> None:
    asked: list[tuple[Case, Side]] = [(case, side) for case in cases if case.report is not None
                                      for side in ("served", "mended")]
    questions = [Question(case.pem(side), case.pem("roots"), case.given.asked,
                          case.pem("crls") if case.given.crls else None) for case, side in asked]
    for verifier in verifiers:
        for (case, side), verdict in zip(asked, verifier.judge(questions, jobs)):
            case.verdicts[verifier.name, side] = verdict


def _differences(case: Case, verifier: str) -> Iterator[Difference]:
    report = case.report
    assert report is not None
    served, mended = case.verdicts[verifier, "served"], case.verdicts[verifier, "mended"]
    for side, verdict in (("served", served), ("mended", mended)):
        trusted = report[f"{side}_trusted"]
        if trusted != (verdict.chain == "") and all(store[f"{side}_judged"] for store in report["stores"]):
            yield Difference(case, verifier, side, "refuses" if trusted else "accepts", verdict.chain)
    if served.chain == "" and mended.chain != "":
        yield Difference(case, verifier, "mended", "likes less", mended.chain)
    covered = report["names"][0]["covered"]
    if mended.name != "unknown" and covered != (mended.name == ""):
        yield Difference(case, verifier, "name", "refuses" if covered else "accepts", mended.name)
    if report["exit_status"] == 0 and (served.chain or served.name not in ("", "unknown")):
        yield Difference(case, verifier, "status", "refuses", served.chain or served.name)
    if report["exit_status"] == 2 and not mended.chain and not mended.name:
        yield Difference(case, verifier, "status", "accepts", "")


def _expect_from_run(case: Case) -> list[str] | None:
    """None: it depends on the client's algorithms, or check, without a key, took another certificate for the leaf."""
    assert case.report is not None
    leaf = case.given.leaf
    mended: list[str] = [certificate["sha256"] for certificate in case.report["mended"]]
    if leaf.key.kind not in SERVABLE_KEYS or mended[0] != leaf.sha256:
        return None
    usage = leaf.part.usage
    if leaf.key.kind != "rsa" and usage is not None and "digitalSignature" not in usage:
        return []  # no handshake can use it
    return mended


def _serve(program: Program, folder: Path, cases: list[Case]) -> None:
    """One run with a site each: it serves what mend wrote."""
    cases = [case for case in cases if case.report is not None and (case.folder / "leaf.key").exists()
             and case.given.leaf in case.given.served]
    (folder / "cache").mkdir(exist_ok=True)
    ports: dict[int, Case] = {}
    sites: dict[str, dict[str, object]] = {}
    for case in cases:
        for path in (case.folder / "cache").iterdir():
            (folder / "cache" / path.name).write_bytes(path.read_bytes())
        port = free_port()
        ports[port] = case
        sites[f"n{case.given.number}"] = {
            "listen": f"127.0.0.1:{port}", "certificate": case.chain, "key": case.folder / "leaf.key",
            "roots": f"r={case.roots}", "backend": "tcp://127.0.0.1:9",
            **({"crl": case.pem("crls")} if case.given.crls else {})}
    if not sites:
        return
    running = program.run({"fetch": "off", "cache": folder / "cache", "workers": 1, "fix_log": folder / "fix.log"},
                          sites)
    for port, case in ports.items():
        expected = _expect_from_run(case)
        if expected is None:
            served_chain(port, "")
            continue
        try:
            eventually("the mended chain", lambda: served_chain(port, "") == expected, 20)
        except AssertionError as why:
            case.fail(f"run serves {served_chain(port, '')}, and mend {expected}: {why} {running.stderr[-1500:]}")
    try:
        running.stop()
    except AssertionError as why:
        for case in cases:
            case.fail(f"run with this one among others: {str(why)[-3000:]}")


@dataclass
class Result:
    verifiers: list[str]
    num_inputs: int = 0
    failures: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    num_differences: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, case: Case) -> None:
        self.num_inputs += 1
        self.kinds.update(case.given.kinds)
        self.failures += [f"{case}: {why}" for why in case.failures]
        for difference in case.differences:
            self.num_differences += 1
            rule = known_differences.find(difference)
            if rule is None:
                self.failures.append(f"{case}: not explained: {difference}")
            else:
                self.counts[rule.title] += 1

    def table(self) -> str:
        lines = [f"{self.num_inputs} inputs, {len(self.failures)} failures, {self.num_differences} differences to "
                 f"{', '.join(self.verifiers)}"]
        lines += [f"{verifier.needs} is not installed: {verifier.name} was not asked" for verifier in ALL
                  if verifier.name not in self.verifiers]
        for rule in known_differences.RULES:
            if self.counts[rule.title]:
                lines.append(f"{self.counts[rule.title]:6}  {rule.title}: {rule.why} [{rule.source}]")
        return "\n".join(lines)


def cross_check(binary: Path, folder: Path, seed: int, count: int, jobs: int, keep: bool = False) -> Result:
    verifiers, keys = installed(), Keys()
    result = Result([verifier.name for verifier in verifiers])
    commands = _Commands(binary, folder)
    for first in range(0, count, BATCH):
        cases = []
        for number in range(first, min(first + BATCH, count)):
            given = make_input(seed, number, keys)
            cases.append(_prepare(given, folder, random.Random(f"forms {seed} {number}")))
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(commands.judge, cases))
        _ask(verifiers, cases, jobs)
        program = Program(binary, folder)
        for start in range(0, len(cases), SITES):
            _serve(program, folder, cases[start:start + SITES])
        for case in cases:
            if case.report is not None:
                case.differences = [one for verifier in result.verifiers for one in _differences(case, verifier)]
            result.add(case)
            if not keep and not case.failures and all(map(known_differences.find, case.differences)):
                subprocess.run(["rm", "-r", case.folder], check=True)
    return result


def default_jobs() -> int:
    return os.cpu_count() or 2
