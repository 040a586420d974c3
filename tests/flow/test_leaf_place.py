"""A file in which the leaf does not stand first, by a table: who is the leaf, and what is said of the order."""

import json
import subprocess

import pytest
from pki import Authority, chain_pem, sha256_of_pem_chain

NAME = "www.contoso.test"
ORDER = "wrong_order fixed"
ROOT = "root_included info"


class House:
    def __init__(self):
        root = Authority.root("Place Root CA")
        issuing = root.issue_authority("Place Issuing CA")
        self.all = {"root": root, "issuing": issuing, "leaf": issuing.issue_leaf([NAME])}

    def __getitem__(self, names):
        return [self.all[name] for name in names.split()]


# in the file | findings | status
TABLE = [
    ("leaf issuing", [], 0),
    ("root issuing leaf", [ROOT, ORDER], 1),
    ("issuing leaf", [ORDER], 1),
    ("issuing root leaf", [ROOT, ORDER], 1),
    ("root leaf issuing", [ROOT, ORDER], 1),
    ("leaf root issuing", [ROOT, ORDER], 1),
]


@pytest.fixture(scope="module")
def house():
    return House()


def flags(house, folder):
    (folder / "root.pem").write_text(house.all["root"].pem)
    return ["--roots", f"r={folder / 'root.pem'}", "--offline", "--cache", folder / "none"]


def pkcs7(path, folder, *form):
    out = folder / "chain.p7b"
    subprocess.run(["openssl", "crl2pkcs7", "-nocrl", "-certfile", path, "-out", out, *form], check=True)
    return out


def check(program, house, folder, path):
    result = program.command("check", "--chain", path, *flags(house, folder), "--json")
    report = json.loads(result.stdout)
    assert result.returncode == report["exit_status"], result
    assert [certificate["sha256"] for certificate in report["mended"]] == [
        entity.sha256 for entity in house["leaf issuing"]]
    return report


@pytest.mark.parametrize("names, expected, status", TABLE)
def test_pem(program, house, tmp_path, names, expected, status):
    path = tmp_path / "chain.pem"
    path.write_text(chain_pem(*house[names]))
    report = check(program, house, tmp_path, path)
    assert sorted(f"{found['code']} {found['severity']}" for found in report["findings"]) == expected
    assert report["exit_status"] == status
    assert report["served_trusted"] == names.startswith("leaf") and report["mended_trusted"]
    made = program.command("mend", path, *flags(house, tmp_path))
    assert made.returncode == 0 and sha256_of_pem_chain(made.stdout) == [
        entity.sha256 for entity in house["leaf issuing"]], made


@pytest.mark.parametrize("form", [(), ("-outform", "DER")], ids=["PEM", "DER"])
@pytest.mark.parametrize("names", [names for names, _, _ in TABLE])
def test_a_pkcs7_has_no_order_that_could_be_wrong(program, house, tmp_path, names, form):
    path = tmp_path / "chain.pem"
    path.write_text(chain_pem(*house[names]))
    report = check(program, house, tmp_path, pkcs7(path, tmp_path, *form))
    assert [found["code"] for found in report["findings"]] == (["root_included"] if "root" in names else []), report
    assert report["exit_status"] == 0 and report["served_trusted"]
    made = program.command("mend", pkcs7(path, tmp_path, *form), *flags(house, tmp_path))
    assert made.returncode == 0 and "wrong_order" not in made.stderr, made
