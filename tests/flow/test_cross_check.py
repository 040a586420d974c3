"""A slice of scripts/cross-check.py: chains by chance, and each difference to other verifiers explained."""

import pytest
from cross_check import cross_check
from pki import Authority, chain_pem
from verifiers import ALL, Question, installed

SEED, COUNT = 20261130, 60
NAME = "www.contoso.test"


def test_what_chainmend_says_is_what_others_say_or_is_explained(binary, tmp_path):
    result = cross_check(binary, tmp_path, SEED, COUNT, 2)
    assert not result.failures, "\n".join(result.failures)
    assert result.num_inputs == COUNT and len(result.kinds) > 25, result.kinds


@pytest.mark.parametrize("verifier", ALL, ids=lambda verifier: verifier.name)
def test_a_verifier_tells_right_from_wrong(tmp_path, verifier):
    if verifier not in installed():
        pytest.skip(f"{verifier.needs} is not installed: {verifier.name} was not asked")
    root, other = Authority.root("Contoso Root CA"), Authority.root("Other Root CA")
    issuing = root.issue_authority("Contoso Issuing CA")
    leaf = issuing.issue_leaf([NAME])
    files = {"whole": [leaf, issuing], "alone": [leaf], "root": [root], "other": [other]}
    for name, entities in files.items():
        (tmp_path / name).write_text(chain_pem(*entities))
    asked = [("whole", "root", NAME), ("whole", "root", f"else.{NAME}"), ("alone", "root", NAME),
             ("whole", "other", NAME)]
    questions = [Question(tmp_path / chain, tmp_path / store, name) for chain, store, name in asked]
    good, misnamed, alone, untrusted = verifier.judge(questions, 2)
    assert (good.chain, good.name) == ("", ""), good
    assert misnamed.chain == "" and misnamed.name, misnamed
    assert alone.chain and untrusted.chain
