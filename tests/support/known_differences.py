"""known_differences - why chainmend's verdict and another verifier's may differ, a rule each.

The first rule that fits counts. A difference that no rule explains is a fault, of chainmend or of the table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Literal

from many_inputs import CA_USAGE
from odd_certificates import ANY_PURPOSE, SERVER_AUTH

if TYPE_CHECKING:
    from cross_check import Case
    from many_inputs import Part

Side = Literal["served", "mended", "name", "status"]
Kind = Literal["refuses", "accepts", "likes less"]


@dataclass(frozen=True)
class Difference:
    """The verifier `refuses` what chainmend calls good, `accepts` what it does not, or `likes less` what is mended."""

    case: "Case"
    verifier: str
    side: str
    kind: str
    words: str

    @property
    def codes(self) -> set[str]:
        assert self.case.report is not None
        return {finding["code"] for finding in self.case.report["findings"]}

    def __str__(self) -> str:
        return f"{self.verifier} {self.kind} {self.side} ({sorted(self.codes)}): {' '.join(self.words.split())[-400:]}"


@dataclass(frozen=True)
class Rule:
    title: str
    when: Callable[[Difference], bool]
    why: str
    source: str


# What a rule asks


def _parts(one: Difference) -> "list[Part]":
    """Of all certificates that a path may go through, the leaf's first."""
    given = one.case.given
    return [made.part for made in (given.leaf, *given.served, *given.issuers, *given.roots)]


def _anchors(one: Difference) -> "list[Part]":
    return [made.part for made in one.case.given.roots]


def _said(one: Difference, verifiers: str, kind: str, sides: str = "served mended status likes") -> bool:
    return one.verifier in verifiers.split() and one.kind == kind and one.side in sides.split()


def _accepts(one: Difference, verifiers: str, *codes: str) -> bool:
    return _said(one, verifiers, "accepts") and bool(one.codes & set(codes))


def _refuses(one: Difference, verifier: str, words: str) -> bool:
    return one.verifier == verifier and one.kind != "accepts" and re.search(words, one.words) is not None


def _names(one: Difference, kind: str, verifiers: str, condition: bool) -> bool:
    return one.verifier in verifiers.split() and one.kind == kind and one.side in ("name", "status") and condition


def _sans(one: Difference) -> list[str]:
    """The dNSNames of the leaf."""
    return [der[2:].decode(errors="replace") for der in one.case.given.leaf.part.names if der[0] == 0x82]


def _has_constraint(one: Difference, *tags: int) -> bool:
    """A subtree of one of these kinds of GeneralName: their first octets."""
    return any(subtree[2] in tags for part in _parts(one) for subtrees in part.constraints for subtree in subtrees)


def _is_odd_anchor(part: "Part") -> bool:
    """Has what RFC 5280 asks of a certificate in a path, and not of a trust anchor."""
    return (part.ca is not True or part.path_length is not None or part.purposes is not None
            or any(part.constraints) or part.usage != CA_USAGE or not part.days[0] < 0 < part.days[1]
            or bool(part.more) or part.version == b"")


def _lacks_server_auth(part: "Part") -> bool:
    return part.purposes is not None and SERVER_AUTH not in part.purposes


def _leaf(one: Difference) -> "Part":
    """That chainmend took for it."""
    report, given = one.case.report, one.case.given
    assert report is not None
    return next(made.part for made in (*given.served, given.leaf) if made.sha256 == report["mended"][0]["sha256"])


def _may_not_sign(part: "Part") -> bool:
    return part.usage is not None and "digitalSignature" not in part.usage


def _is_deep(one: Difference) -> bool:
    return len(one.case.given.issuers) > 6


STALE = ("expired_intermediate", "not_yet_valid_intermediate")
WEAK = ("weak_signature", "weak_key")
STEP_UP = {"2.16.840.1.113730.4.1", "1.3.6.1.4.1.311.10.3.3"}
OTHER_NAME, REGISTERED_ID, DIRECTORY, URI, ADDRESS = 0xA0, 0x88, 0xA4, 0x86, 0x87
ALL = "OpenSSL GnuTLS Java"

# What a verifier says in so many words stands before what its silence may mean.
RULES: tuple[Rule, ...] = (
    # What is served, and how
    Rule("leaf not first", lambda one: "leaf not first" in one.case.given.kinds and one.side in ("served", "mended")
         and (one.side == "served" or one.kind == "likes less"),
         "a verifier that is asked without a name and a key takes the first certificate for the server's own; "
         "chainmend takes the first that is no CA, and says wrong_order", "RFC 8446 4.4.2"),
    Rule("something stale is sent", lambda one: one.side == "served" and _accepts(one, ALL, *STALE),
         "served_trusted asks for the client that refuses whatever is stale; these search a way around it",
         "docs/check-json.md"),
    # Anchors
    Rule("Java's anchors", lambda one: one.verifier == "Java" and one.kind == "accepts"
         and any(map(_is_odd_anchor, _anchors(one))),
         "of a trust anchor Java looks at name and key alone: not at validity, constraints, path length or purposes",
         "RFC 5280 6.1.1 (d); java.security.cert.TrustAnchor"),
    Rule("an anchor's purposes", lambda one: _accepts(one, "GnuTLS", "wrong_purpose")
         and any(map(_lacks_server_auth, _anchors(one))),
         "OpenSSL and Go look at the extended key usage of a root, and chainmend with them; GnuTLS does not",
         "docs/findings.md, constraint_violated"),
    Rule("no basicConstraints", lambda one: _accepts(one, "OpenSSL GnuTLS", "constraint_violated")
         and any(part.ca is None and part.usage is not None for part in _parts(one)),
         "a key usage with keyCertSign makes a CA of a certificate without basicConstraints for these; Java, Go and "
         "BoringSSL go by RFC 5280", "RFC 5280 4.2.1.9; X509_check_ca(3)"),
    Rule("GnuTLS and a leaf as anchor", lambda one: "self-signed" in one.case.given.kinds
         and _refuses(one, "GnuTLS", "not a CA|signer's constraints|issuer is unknown"),
         "GnuTLS takes no certificate for an anchor that may not sign certificates, a self-signed server certificate "
         "neither", "gnutls_x509_trust_list_add_cas, seen in 3.7.9"),
    Rule("GnuTLS and an intermediate as anchor", lambda one: "issuer in store" in one.case.given.kinds
         and _refuses(one, "GnuTLS", "issuer is unknown"),
         "GnuTLS does not end a chain at a store's intermediate where more is sent above it",
         "gnutls_x509_trust_list_verify_crt2, seen in 3.7.9"),
    # Revocation
    Rule("no CRL that is good", lambda one: bool(one.case.given.crls) and (
        _refuses(one, "OpenSSL", "CRL has expired|unable to get certificate CRL")
        or _refuses(one, "Java", "revocation status")) and "revoked" not in one.codes,
         "told to look at CRLs, these refuse what no good one is about; chainmend warns (revocation_unknown), as most "
         "clients are content", "docs/findings.md, revocation_unknown"),
    Rule("a CRL that is out of date", lambda one: bool(one.case.given.crls) and _refuses(one, "GnuTLS", "is revoked")
         and "revocation_unknown" in one.codes,
         "GnuTLS takes a revocation from a CRL after its nextUpdate, too; chainmend says revocation_unknown",
         "RFC 5280 6.3.3 (a)"),
    # Kinds of keys and signatures
    Rule("strength of an anchor", lambda one: one.verifier in ("OpenSSL", "GnuTLS")
         and _refuses(one, one.verifier, "CA certificate key too weak|issuer is unknown|insecure algorithm")
         and any(part.key == "rsa1024" for part in _anchors(one)),
         "chainmend leaves the strength of a root's key to who trusts it; these refuse 1024 bits at their usual level",
         "SSL_CTX_set_security_level(3); gnutls_certificate_verification_profiles_t"),
    Rule("not judged here", lambda one: bool(one.codes & {"not_judged", "key_unsupported"}) and one.side == "status"
         and one.kind != "accepts",
         "a key or signature of a kind that chainmend does not know is a warning, and left to the clients",
         "docs/findings.md, not_judged and key_unsupported"),
    Rule("weak", lambda one: _accepts(one, ALL, *WEAK),
         "browsers refuse SHA-1, short RSA and curves like P-224, and so does chainmend; Java takes them under a "
         "root that does not come with it, OpenSSL and GnuTLS take the curves",
         "jdk.certpath.disabledAlgorithms; SSL_CTX_set_security_level(3)"),
    # Purposes
    Rule("no digitalSignature", lambda one: _accepts(one, "OpenSSL GnuTLS", "wrong_purpose")
         and _may_not_sign(_leaf(one)),
         "OpenSSL is content with keyEncipherment or keyAgreement, and certtool does not ask for a key usage; a "
         "TLS 1.3 server signs", "RFC 8446 4.4.2.2; docs/findings.md, wrong_purpose"),
    Rule("step-up", lambda one: _accepts(one, ALL, "wrong_purpose")
         and any(STEP_UP & set(part.purposes or ()) for part in _parts(one)),
         "Server Gated Crypto, of the 1990s, is serverAuth for these; BoringSSL and browsers do not know it",
         "RFC 5280 4.2.1.12; XKU_SGC of OpenSSL"),
    Rule("any purpose", lambda one: _accepts(one, "GnuTLS Java", "wrong_purpose")
         and any(ANY_PURPOSE in (part.purposes or ()) for part in _parts(one)),
         "anyExtendedKeyUsage is no serverAuth for BoringSSL and OpenSSL", "RFC 5280 4.2.1.12"),
    Rule("purposes of authorities", lambda one: _accepts(one, "Java", "wrong_purpose")
         and any(map(_lacks_server_auth, _parts(one)[1:])),
         "Java looks at the extended key usage of the server certificate alone",
         "sun.security.validator.EndEntityChecker"),
    # Name constraints
    Rule("GnuTLS's name constraints", lambda one: _refuses(one, "GnuTLS", "signer's constraints")
         and _has_constraint(one, OTHER_NAME, REGISTERED_ID, DIRECTORY, URI),
         "GnuTLS judges subtrees of DNS names, mail and IP addresses alone, and refuses what has others",
         "gnutls_x509_name_constraints_check"),
    Rule("GnuTLS and other subtrees", lambda one: _accepts(one, "GnuTLS", "constraint_violated")
         and _has_constraint(one, OTHER_NAME, REGISTERED_ID, DIRECTORY, URI),
         "GnuTLS looks at subtrees of these kinds where a certificate has an alternative name of the kind, and at no "
         "subject", "gnutls_x509_name_constraints_check"),
    Rule("GnuTLS and the two kinds of addresses", lambda one: _accepts(one, "GnuTLS", "constraint_violated")
         and _has_constraint(one, ADDRESS),
         "GnuTLS takes IPv4 and IPv6 for two kinds: where blocks of one alone are permitted, it permits all of the "
         "other",
         "docs/name-constraints.md; RFC 5280 4.2.1.10"),
    Rule("constraints and a Common Name", lambda one: _accepts(one, "OpenSSL GnuTLS", "constraint_violated")
         and "name_only_in_cn" in one.codes,
         "BoringSSL judges no name constraints for a leaf that has its names in the Common Name: it refuses the leaf",
         "X509_V_ERR_NAME_CONSTRAINTS_WITHOUT_SANS"),
    Rule("wildcards under excluded names", lambda one: _accepts(one, ALL, "constraint_violated") and any(
        excluded[4:].startswith(b"bad.") for part in _parts(one) for excluded in part.constraints[1])
         and any(name.startswith("*.") for name in _sans(one)),
         "a wildcard that could stand for an excluded name is refused as current validators do; these compare the text",
         "docs/name-constraints.md"),
    # Searches
    Rule("Java's five intermediates", lambda one: _refuses(one, "Java", "unable to find valid certification path")
         and _is_deep(one) and one.side in ("served", "status"),
         "a chain that is not in order Java builds anew, with no more than five intermediates",
         "java.security.cert.PKIXBuilderParameters.setMaxPathLength"),
    Rule("seventeen certificates", lambda one: "verification_limit" in one.codes and len(one.case.given.issuers) > 15,
         "chainmend goes sixteen certificates deep, and says so where it ends", "chaincache/paths/limits.h"),
    Rule("Java's curves", lambda one: _refuses(one, "Java", "Curve not supported|unable to find valid certification")
         and any(part.key in ("p224", "secp256k1", "brainpool") for part in _parts(one)),
         "Java has dropped the curves below P-256 and Brainpool's; of an anchor chainmend takes any key that verifies",
         "release notes of JDK 16"),
    Rule("GnuTLS and a Common Name under constraints", lambda one: _refuses(one, "GnuTLS", "signer's constraints")
         and not _leaf(one).names,
         "where a certificate has no subjectAltName, GnuTLS judges its Common Name as a host name",
         "gnutls_x509_name_constraints_check_crt"),
    Rule("Java and an empty subtree", lambda one: _refuses(one, "Java", "String index out of range"),
         "Java does not read a subtree that is an empty name, which stands for all names", "RFC 5280 4.2.1.10"),
    Rule("Java and an anchor as leaf", lambda one: _accepts(one, "Java", "wrong_purpose", "self_signed")
         and any(part is _leaf(one) for part in _anchors(one)),
         "Java takes a certificate that the store has as it is", "sun.security.validator.PKIXValidator"),
    # Names
    Rule("Common Name", lambda one: _names(one, "accepts", ALL, "name_only_in_cn" in one.codes),
         "OpenSSL, GnuTLS and Java look at the Common Name where subjectAltName has no dNSName; browsers and Go do not",
         "RFC 9525 6.3; X509_check_host(3)"),
    Rule("U-labels", lambda one: _names(one, "refuses", ALL, not one.case.given.asked.isascii()),
         "chainmend turns what a user types into A-labels, as browsers do; this verifier wants that done before",
         "RFC 9525 6.3"),
    Rule("a dot at the end of the name", lambda one: _names(one, "refuses", ALL, one.case.given.asked.endswith(".")),
         "clients leave it away before they ask; these verifiers compare what they are given", "RFC 9525 6.3"),
    Rule("a dot at the end of the certificate's name", lambda one: _names(
        one, "accepts", "GnuTLS Java", any(name.endswith(".") for name in _sans(one))),
         "this verifier leaves it away in the certificate, too; BoringSSL and browsers do not", "RFC 5280 4.2.1.6"),
    Rule("part of a label", lambda one: _names(one, "accepts", ALL, any(
        "*" in name and not name.startswith("*.") for name in _sans(one))),
         "a wildcard that is not the whole left-most label covers nothing today", "RFC 9525 6.3; X509_check_host(3)"),
    Rule("underscores", lambda one: _names(one, one.kind, "GnuTLS Java", "_" in one.case.given.asked),
         "an underscore is no letter of a host name: GnuTLS lets a wildcard stand for it, Java takes none",
         "RFC 1123 2.1; docs/findings.md, name_not_covered"),
    Rule("wide wildcard", lambda one: _names(one, "accepts", ALL, "*.test" in _sans(one)),
         "a wildcard above a single label covers nothing in browsers", "docs/findings.md, name_not_covered"),
    Rule("an empty dNSName", lambda one: _refuses(one, "GnuTLS", "Unknown Subject Alternative name"),
         "GnuTLS reads no certificate whose subjectAltName has an empty name", "RFC 5280 4.2.1.6"),
    Rule("GnuTLS and name encoding", lambda one: "name_encoding" in one.codes
         and _refuses(one, "GnuTLS", "issuer is unknown"),
         "GnuTLS compares names by their bytes", "RFC 5280 7.1; docs/findings.md, name_encoding"),
    Rule("Java and name encoding", lambda one: "name_encoding" in one.codes
         and _refuses(one, "Java", "unable to find valid certification path")
         and any(part.issuer_written == "bmp" for part in _parts(one)),
         "Java compares names of PrintableString and UTF8String alone by RFC 5280 7.1, others by their bytes",
         "sun.security.x509.AVA"),
)


def find(difference: Difference) -> Rule | None:
    return next((rule for rule in RULES if rule.when(difference)), None)
