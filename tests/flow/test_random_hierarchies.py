"""check and mend on small PKIs at random: each verdict against one that was found by trying everything, and against
openssl; no verdict depends on an order."""

import json
import random
import subprocess

import pytest
from pki import chain_pem
from random_hierarchy import LEAF_NAME, accepts, expect, make_case

SEEDS = range(100)
BATCH = 20


class Checker:
    """Runs check on a case; each run has files of its own."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.num_runs = 0

    def check(self, served, cache, stores):
        self.num_runs += 1
        folder = self.folder / str(self.num_runs)
        (folder / "cache").mkdir(parents=True)
        (folder / "chain.pem").write_text(chain_pem(*served))
        for node in cache:
            (folder / "cache" / f"{node.sha256}.pem").write_text(node.pem)
        arguments = []
        for name, roots in stores.items():
            (folder / f"{name}.pem").write_text(chain_pem(*roots))
            arguments += ["--roots", f"{name}={folder / name}.pem"]
        result = self.program.command("check", "--chain", folder / "chain.pem", "--cache", folder / "cache",
                                      "--offline", "--name", LEAF_NAME, "--json", *arguments)
        assert result.stdout, result
        report = json.loads(result.stdout)
        assert report["exit_status"] == result.returncode
        return report

    def openssl_accepts(self, chain, roots):
        """A real client that neither fetches nor goes back."""
        leaf, rest, store = (self.folder / name for name in ("leaf.pem", "rest.pem", "store.pem"))
        leaf.write_text(chain[0].pem)
        rest.write_text(chain_pem(*chain[1:]))
        store.write_text(chain_pem(*roots))
        result = subprocess.run(["openssl", "verify", "-partial_chain", "-no-CApath", "-no-CAstore",
                                 "-purpose", "sslserver", "-CAfile", store,
                                 *(["-untrusted", rest] if chain[1:] else []), leaf],
                                capture_output=True, text=True, timeout=30, check=False)
        return result.returncode == 0, result.stdout + result.stderr


def verdicts(report, which):
    return {store["name"]: store[which] for store in report["stores"]}


def expect_a_true_chain(case, report):
    mended = [case.nodes[certificate["sha256"]] for certificate in report["mended"]]
    assert mended[0] is case.served[0]
    assert len(set(mended)) == len(mended)
    for child, issuer in zip(mended, mended[1:]):
        assert issuer.issued(child)
    assert not any(node.is_root for node in mended)
    return mended


def expect_right_verdicts(checker, case, report, mended):
    oracle = expect(case)
    num_mended = sum(verdicts(report, "mended_trusted").values())
    assert oracle.surely <= num_mended <= oracle.at_most
    for name, roots in case.stores.items():
        said = verdicts(report, "mended_trusted")[name]
        assert accepts(roots, mended) in (said, None), f"the mended chain and {name}"
        served_said = verdicts(report, "served_trusted")[name]
        assert accepts(roots, case.served) in (served_said, None), f"the served chain and {name}"
        if said:
            good, words = checker.openssl_accepts(mended, roots)
            assert good, words
        assert said or not served_said or len(case.stores) > 1, "made worse"
    return num_mended


def expect_a_fitting_status(case, report, num_mended):
    severities = {finding["severity"] for finding in report["findings"]}
    status = report["exit_status"]
    assert report["served_trusted"] == all(verdicts(report, "served_trusted").values())
    assert report["mended_trusted"] == all(verdicts(report, "mended_trusted").values())
    assert (status == 2) == (num_mended == 0) == ("error" in severities)
    assert status == 2 or (status == 1) == ("fixed" in severities)
    if report["mended_trusted"] and not report["served_trusted"]:
        assert status == 1, "a repair without a word"
    assert "verification_limit" not in {finding["code"] for finding in report["findings"]}


def expect_no_order_to_count(checker, case, report, rng):
    cache = rng.sample(case.cache, len(case.cache))
    stores = {name: rng.sample(roots, len(roots)) for name, roots in case.stores.items()}
    again = checker.check(case.served, cache, stores)
    assert again["mended"] == report["mended"], "the order of roots"
    assert again["findings"] == report["findings"], "the order of roots"
    served = [case.served[0], *rng.sample(case.served[1:], len(case.served) - 1)]
    again = checker.check(served, cache, stores)
    assert (sum(verdicts(again, "mended_trusted").values())
            == sum(verdicts(report, "mended_trusted").values())), f"the order of {served}"


@pytest.mark.parametrize("first", SEEDS[::BATCH])
def test_verdicts_on_hierarchies_at_random(program, tmp_path, first):
    outcomes = set()
    for seed in SEEDS[first:first + BATCH]:
        case = make_case(seed)
        checker = Checker(program, tmp_path / str(seed))
        report = checker.check(case.served, case.cache, case.stores)
        try:
            mended = expect_a_true_chain(case, report)
            num_mended = expect_right_verdicts(checker, case, report, mended)
            expect_a_fitting_status(case, report, num_mended)
            expect_no_order_to_count(checker, case, report, random.Random(seed))
        except AssertionError as why:
            raise AssertionError(f"seed {seed}: {why}\n{case}\n{json.dumps(report['findings'], indent=1)}") from why
        outcomes.add((report["served_trusted"], report["mended_trusted"]))
    assert {(False, False), (False, True), (True, True)} <= outcomes, "the cases have become too much alike"
