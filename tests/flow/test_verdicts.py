"""check --chain, by a table: what is served, cached and trusted; what comes out, with each finding and the status."""

import json

import pytest
from pki import DAY, NOW, Authority, chain_pem, new_key, self_signed_leaf

NAME = "www.contoso.test"
STALE = {"not_before": NOW - 400 * DAY, "not_after": NOW - 3 * DAY}


class House:
    """The certificates that the table speaks of, by their names there."""

    def __init__(self):
        root, other, old = (Authority.root(f"{who} Root CA") for who in ("Contoso", "Fabrikam", "Old"))
        upper = root.issue_authority("Contoso Policy CA")
        issuing = upper.issue_authority("Contoso Issuing CA")
        narrow = root.issue_authority("Narrow CA", path_length=0)
        below_narrow = narrow.issue_authority("Below Narrow CA")
        short = root.issue_authority("Short CA", not_after=NOW + 100 * DAY)
        server = issuing.issue_leaf(["ca.contoso.test"])
        as_authority = Authority(server.certificate, server.key, server.common_name)
        plain = self_signed_leaf([NAME])
        self.all = {
            "root": root, "upper": upper, "issuing": issuing, "leaf": issuing.issue_leaf([NAME]),
            "stale-root": Authority.root("Contoso Root CA", key=root.key, **STALE),
            "stale-issuing": upper.issue_authority("Contoso Issuing CA", key=issuing.key, **STALE),
            "later-issuing": upper.issue_authority("Contoso Issuing CA", key=issuing.key, not_before=NOW + 10 * DAY),
            "fake-issuing": upper.issue_authority("Contoso Issuing CA"),
            "old": old, "stale-root-by-old": old.issue_authority("Contoso Root CA", key=root.key, **STALE),
            "other": other, "root-by-other": other.issue_authority("Contoso Root CA", key=root.key),
            "upper-by-other": other.issue_authority("Contoso Policy CA", key=upper.key),
            "stranger": other.issue_authority("Stranger CA"),
            "short": short, "short-leaf": short.issue_leaf([NAME]),
            "narrow": narrow, "below-narrow": below_narrow, "narrow-leaf": below_narrow.issue_leaf([NAME]),
            "expired": issuing.issue_leaf([NAME], not_before=NOW - 90 * DAY, not_after=NOW - DAY),
            "early": issuing.issue_leaf([NAME], not_before=NOW + DAY),
            "soon": issuing.issue_leaf([NAME], not_before=NOW - 300 * DAY, not_after=NOW + 29 * DAY),
            "not-soon": issuing.issue_leaf([NAME], not_before=NOW - 300 * DAY, not_after=NOW + 31 * DAY),
            "client": issuing.issue_leaf([NAME], purpose="client"),
            "weak": issuing.issue_leaf([NAME], key=new_key("rsa1024")),
            "server": server, "lower-leaf": as_authority.issue_leaf([NAME]),
            "self": plain,
        }

    def __getitem__(self, names):
        return [self.all[name] for name in names.split()]

    def names(self, certificates):
        known = {entity.sha256: name for name, entity in self.all.items()}
        return " ".join(known[certificate["sha256"]] for certificate in certificates)


@pytest.fixture(scope="module")
def house():
    return House()


ADDED = "missing_intermediate fixed added"
ROOT = "root_included info removed"
STRANGER = "unrelated_certificate info removed"
TWICE = "duplicate_certificate info removed"
ORDER = "wrong_order fixed reordered"
NO_URL = "no_issuer_url warning none"
INCOMPLETE = "incomplete_chain error none"
BETTER = "better_path fixed replaced"
PRIVATE = "untrusted_root error none"
PARTLY = "untrusted_root warning none"
GOOD, MENDED, BAD = (True, True), (False, True), (False, False)

# served | cached | trusted (a store a group) | mended | both trusted | status | with --strict | findings
TABLE = [
    ("leaf issuing upper", "", "root", "leaf issuing upper", GOOD, 0, 0, []),
    ("leaf", "issuing upper", "root", "leaf issuing upper", MENDED, 1, 2, [ADDED, ADDED]),
    ("leaf issuing", "upper", "root", "leaf issuing upper", MENDED, 1, 2, [ADDED]),
    ("leaf upper", "issuing", "root", "leaf issuing upper", MENDED, 1, 2, [ADDED]),
    ("leaf", "", "root", "leaf", BAD, 2, 2, [INCOMPLETE, NO_URL]),
    ("leaf issuing", "", "root", "leaf issuing", BAD, 2, 2, [INCOMPLETE, NO_URL]),
    # Oddities that hurt nobody
    ("leaf issuing upper root", "", "root", "leaf issuing upper", GOOD, 0, 0, [ROOT]),
    ("leaf issuing issuing upper", "", "root", "leaf issuing upper", GOOD, 0, 0, [TWICE]),
    ("leaf leaf issuing upper", "", "root", "leaf issuing upper", GOOD, 0, 0, [TWICE]),
    ("leaf issuing upper stranger", "", "root", "leaf issuing upper", GOOD, 0, 0, [STRANGER]),
    ("leaf stranger issuing upper", "", "root", "leaf issuing upper", GOOD, 0, 0, [STRANGER]),
    ("leaf issuing upper upper root stranger", "", "root", "leaf issuing upper", GOOD, 0, 0, [TWICE, ROOT, STRANGER]),
    ("leaf fake-issuing", "issuing upper", "root", "leaf issuing upper", MENDED, 1, 2, [ADDED, ADDED, STRANGER]),
    # Order
    ("leaf upper issuing", "", "root", "leaf issuing upper", None, 1, None, [ORDER]),
    ("leaf root upper issuing", "", "root", "leaf issuing upper", None, 1, None, [ORDER, ROOT]),
    # Validity of CA certificates
    ("leaf stale-issuing upper", "issuing", "root", "leaf issuing upper", MENDED, 1, 2,
     ["expired_intermediate fixed replaced"]),
    ("leaf stale-issuing issuing upper", "", "root", "leaf issuing upper", MENDED, 1, 2,
     ["expired_intermediate fixed replaced"]),
    ("leaf stale-issuing upper", "", "root", "leaf stale-issuing upper", BAD, 2, 2,
     ["expired_intermediate error none"]),
    ("leaf later-issuing upper", "issuing", "root", "leaf issuing upper", MENDED, 1, 2,
     ["not_yet_valid_intermediate fixed replaced"]),
    ("leaf later-issuing upper", "", "root", "leaf later-issuing upper", BAD, 2, 2,
     ["not_yet_valid_intermediate error none"]),
    ("leaf issuing upper stale-root-by-old", "", "root", "leaf issuing upper", MENDED, 1, 2,
     ["expired_intermediate fixed removed"]),
    ("leaf issuing upper stale-root-by-old", "", "root old", "leaf issuing upper", MENDED, 1, 2,
     ["expired_intermediate fixed removed"]),
    ("leaf issuing upper stale-root", "", "root stale-root", "leaf issuing upper", MENDED, 1, 2,
     ["expired_intermediate fixed removed"]),
    ("leaf issuing upper", "", "root stale-root", "leaf issuing upper", GOOD, 0, 0, []),
    ("short-leaf short", "", "root", "short-leaf short", GOOD, 0, 0, ["link_expires_first warning none"]),
    # Other ways, other stores
    ("leaf issuing upper-by-other", "upper", "root", "leaf issuing upper", MENDED, 1, 2, [BETTER]),
    ("leaf issuing upper-by-other other", "upper", "root", "leaf issuing upper", MENDED, 1, 2, [BETTER, ROOT]),
    ("leaf issuing upper root-by-other", "", "root", "leaf issuing upper root-by-other", GOOD, 0, 0, []),
    ("leaf issuing upper", "root-by-other", "root", "leaf issuing upper", GOOD, 0, 0, []),
    ("leaf issuing upper", "root-by-other", "root|other", "leaf issuing upper root-by-other", MENDED, 1, 2, [ADDED]),
    ("leaf issuing upper root-by-other", "", "root|other", "leaf issuing upper root-by-other", GOOD, 0, 0, []),
    ("leaf issuing upper", "", "root|root other", "leaf issuing upper", GOOD, 0, 0, []),
    ("leaf issuing upper", "", "root|other", "leaf issuing upper", BAD, 0, 2, [PARTLY]),
    ("leaf", "issuing upper", "root|other", "leaf issuing upper", BAD, 1, 2, [PARTLY, ADDED, ADDED]),
    ("leaf issuing upper root", "", "other", "leaf issuing upper", BAD, 2, 2, [PRIVATE, ROOT]),
    ("leaf issuing upper", "root", "other|old", "leaf issuing upper", BAD, 2, 2, [PRIVATE]),
    ("leaf issuing upper", "", "upper", "leaf issuing upper", GOOD, 0, 0, []),
    ("leaf", "", "leaf", "leaf", GOOD, 0, 0, []),
    ("self", "", "root", "self", BAD, 2, 2, ["self_signed error none"]),
    ("self", "", "root self", "self", GOOD, 0, 0, ["self_signed info none"]),
    ("self", "", "self|root", "self", BAD, 0, 2, ["self_signed info none"]),
    ("self issuing root", "", "root", "self", BAD, 2, 2, ["self_signed error none", STRANGER, STRANGER]),
    # The leaf
    ("expired issuing upper", "", "root", "expired issuing upper", BAD, 2, 2, ["leaf_expired error none"]),
    ("expired", "issuing upper", "root", "expired issuing upper", BAD, 2, 2,
     ["leaf_expired error none", ADDED, ADDED]),
    ("early issuing upper", "", "root", "early issuing upper", BAD, 2, 2, ["leaf_not_yet_valid error none"]),
    ("soon issuing upper", "", "root", "soon issuing upper", GOOD, 0, 0, ["leaf_expires_soon warning none"]),
    ("not-soon issuing upper", "", "root", "not-soon issuing upper", GOOD, 0, 0, []),
    ("client issuing upper", "", "root", "client issuing upper", BAD, 2, 2, ["wrong_purpose error none"]),
    ("weak issuing upper", "", "root", "weak issuing upper", BAD, 2, 2, ["weak_key error none"]),
    # Faults that no chain can repair
    ("narrow-leaf below-narrow narrow", "", "root", "narrow-leaf below-narrow narrow", BAD, 2, 2,
     ["constraint_violated error none"]),
    ("lower-leaf server issuing upper", "", "root", "lower-leaf server issuing upper", BAD, 2, 2,
     ["constraint_violated error none"]),
]


def check(program, house, folder, served, cached, trusted, *more):
    (folder / "cache").mkdir()
    for entity in house[cached]:
        (folder / "cache" / f"{entity.sha256}.pem").write_text(entity.pem)
    (folder / "chain.pem").write_text(chain_pem(*house[served]))
    arguments = []
    for i, group in enumerate(trusted.split("|")):
        (folder / f"store{i}.pem").write_text(chain_pem(*house[group]))
        arguments += ["--roots", f"store{i}={folder}/store{i}.pem"]
    result = program.command("check", "--chain", folder / "chain.pem", "--cache", folder / "cache", "--offline",
                             "--json", *arguments, *more)
    return result.returncode, json.loads(result.stdout)


def told(report):
    return sorted(" ".join(finding[key] for key in ("code", "severity", "action")) for finding in report["findings"])


@pytest.mark.parametrize("served, cached, trusted, mended, verdict, status, strict, findings", TABLE,
                         ids=[f"{row[0]}, {row[2]}".replace(" ", "+") for row in TABLE])
def test_the_table(program, house, tmp_path, served, cached, trusted, mended, verdict, status, strict, findings):
    returned, report = check(program, house, tmp_path, served, cached, trusted)
    assert told(report) == sorted(findings)
    assert house.names(report["served"]) == served
    assert house.names(report["mended"]) == mended
    assert (returned, report["exit_status"]) == (status, status)
    if verdict is not None:  # a wrong order is read by some clients and not by others
        assert (report["served_trusted"], report["mended_trusted"]) == verdict
    for finding in report["findings"]:
        assert finding["message"].endswith(".") and finding["advice"].endswith(".")
    if strict is not None:
        stores = [f"--roots=store{i}={tmp_path}/store{i}.pem" for i in range(len(trusted.split("|")))]
        result = program.command("check", "--chain", tmp_path / "chain.pem", "--cache", tmp_path / "cache",
                                 "--offline", "--strict", *stores)
        assert result.returncode == strict


# Trust ignored, all else counts: that the leaf's issuer is there, say. Whether the top is a root is trust's matter.
@pytest.mark.parametrize("served, cached, status, findings", [
    ("leaf issuing upper root", "", 0, [ROOT]),
    ("leaf issuing upper", "root", 0, []),
    ("leaf issuing upper", "", 0, ["incomplete_chain warning none", NO_URL]),
    ("leaf issuing upper stranger", "root", 0, [STRANGER]),
    ("leaf", "issuing upper root", 1, [ADDED, ADDED]),
    ("leaf upper issuing", "root", 1, [ORDER]),
    ("leaf", "", 2, [INCOMPLETE, NO_URL]),
    ("expired issuing upper", "root", 2, ["leaf_expired error none"]),
    ("leaf stale-issuing upper", "root", 2, ["expired_intermediate error none"]),
    ("self", "", 0, ["self_signed info none"]),
])
def test_with_trust_ignored(program, house, tmp_path, served, cached, status, findings):
    returned, report = check(program, house, tmp_path, served, cached, "other", "--ignore-trust")
    assert told(report) == sorted(findings)
    assert returned == status
