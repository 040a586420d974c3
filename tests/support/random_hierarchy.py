"""random_hierarchy - small PKIs at random, and what must be true of any verdict on them, found by trying everything.

A hierarchy has two to six CA names, some with two keys, roots, cross-signs, twins, certificates that have expired or
are not valid yet, that may not sign, or that allow few intermediates below them. The oracle knows who issued what, and
walks all simple paths: it reads no certificate, and shares no thought with the program.

The same seed gives the same hierarchy, keys and serial numbers apart.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any, Iterator, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from pki import DAY, NOW, Entity, new_key

MAX_PATH = 10  # certificates, leaf and anchor included
LEAF_NAME = "www.contoso.test"
SPARE_KEYS = [new_key() for _ in range(14)]


@dataclass(eq=False)
class Node(Entity):
    """A certificate, with what the oracle knows of it. An entity is a name and the number of its key."""

    subject: tuple[str, int]
    issuer: tuple[str, int]
    valid: bool
    may_sign: bool
    path_length: int | None

    __eq__, __hash__ = object.__eq__, object.__hash__  # this very certificate

    def issued(self, child: "Node") -> bool:
        return self.subject == child.issuer

    @property
    def is_root(self) -> bool:
        return self.subject == self.issuer

    def __repr__(self) -> str:
        notes = "" if self.valid else " STALE"
        notes += "" if self.may_sign else " NO-CA"
        notes += "" if self.path_length is None else f" length {self.path_length}"
        return f"<{self.subject} by {self.issuer}{notes} {self.sha256[:6]}>"


@dataclass
class Case:
    """Holds the served chain (leaf first), the cache's certificates, and the roots that each audience trusts."""

    served: list[Node]
    cache: list[Node]
    stores: dict[str, list[Node]]
    nodes: dict[str, Node] = field(default_factory=dict)  # by SHA-256

    def candidates(self) -> list[Node]:
        roots = [root for store in self.stores.values() for root in store]
        return list(dict.fromkeys(self.served[1:] + self.cache + roots))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "chainmend tests"),
                      x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


class _Maker:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.names = [f"CA {i}" for i in range(rng.randint(2, 6))]
        self.entities = [(name, 2 * i + k) for i, name in enumerate(self.names)
                         for k in range(1 + (rng.random() < .25))]
        # Two keys of one name cannot be told apart without key identifiers, not by clients either.
        self.always_key_ids = len(self.entities) > len(self.names)

    def sign(self, subject: tuple[str, int], key: Any, issuer: tuple[str, int], days: tuple[int, int],
             extensions: Sequence[tuple[x509.ExtensionType, bool]]) -> x509.Certificate:
        builder = (x509.CertificateBuilder().subject_name(_name(subject[0])).issuer_name(_name(issuer[0]))
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(NOW + days[0] * DAY).not_valid_after(NOW + days[1] * DAY))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(SPARE_KEYS[issuer[1]], hashes.SHA256())

    def key_ids(self, key: Any, issuer: tuple[str, int]) -> list[tuple[x509.ExtensionType, bool]]:
        if not self.always_key_ids and self.rng.random() < .2:
            return []
        return [(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
                (x509.AuthorityKeyIdentifier.from_issuer_public_key(SPARE_KEYS[issuer[1]].public_key()), False)]

    def authority(self, subject: tuple[str, int], issuer: tuple[str, int]) -> Node:
        rng, root, key = self.rng, subject == issuer, SPARE_KEYS[subject[1]]
        days = rng.choices([(-400, -2), (5, 900), (-20, rng.choice([90, 300, 900, 2000]))], [9, 3, 88])[0]
        is_ca, signs = root or rng.random() > .04, root or rng.random() > .04
        length = None if root or not is_ca or rng.random() < .8 else rng.choice([0, 0, 1, 2])
        usage = x509.KeyUsage(False, False, False, False, False, signs, True, False, False)
        constraints = x509.BasicConstraints(is_ca, length)
        certificate = self.sign(subject, key, issuer, days,
                                [(constraints, True), (usage, True), *self.key_ids(key, issuer)])
        return Node(certificate, key, subject[0], subject, issuer, days[0] < 0 < days[1], is_ca and signs, length)

    def authorities(self) -> Iterator[Node]:
        for entity in self.entities:
            for _ in range((self.rng.random() < .65) + (self.rng.random() < .12)):
                yield self.authority(entity, entity)
            for _ in range(self.rng.choice([0, 1, 1, 1, 2, 2, 3])):
                issuer = self.rng.choice(self.entities)
                if issuer != entity:
                    yield self.authority(entity, issuer)

    def leaf(self) -> Node:
        key, issuer = new_key(), self.rng.choice(self.entities)
        names = x509.SubjectAlternativeName([x509.DNSName(LEAF_NAME)])
        purposes = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH])
        subject = (LEAF_NAME, -1)
        certificate = self.sign(subject, key, issuer, (-5, 200),
                                [(names, False), (purposes, False), *self.key_ids(key, issuer)[1:]])
        return Node(certificate, key, LEAF_NAME, subject, issuer, True, False, None)


def _serve(rng: random.Random, leaf: Node, authorities: list[Node]) -> list[Node]:
    """Often the start of a path, so that something is served rightly; then some more; now and then shuffled."""
    served = [leaf]
    for _ in range(rng.choice([0, 0, 0, 1, 2, 4])):
        issuers = [node for node in authorities if node.issued(served[-1]) and node not in served]
        if not issuers:
            break
        served.append(rng.choice(issuers))
    served += [node for node in rng.sample(authorities, min(3, len(authorities))) if rng.random() < .3]
    if rng.random() < .15:
        served[1:] = rng.sample(served[1:], len(served) - 1)
    return served


def make_case(seed: int) -> Case:
    rng = random.Random(seed)
    maker = _Maker(rng)
    authorities, leaf = list(maker.authorities()), maker.leaf()
    served = _serve(rng, leaf, authorities)
    cas = [node for node in authorities if node.certificate.extensions.get_extension_for_class(
        x509.BasicConstraints).value.ca]
    cache = [node for node in cas if rng.random() < .8]
    stranger = maker.authority(("Stranger", len(SPARE_KEYS) - 1), ("Stranger", len(SPARE_KEYS) - 1))
    stores = {}
    for name in ("first", "second")[:1 + (rng.random() < .35)]:
        roots = [node for node in authorities if node.is_root and rng.random() < .8]
        roots += [rng.choice(cas)] if cas and rng.random() < .1 else []  # an intermediate may be trusted by itself
        stores[name] = list(dict.fromkeys(roots)) or [stranger]
    return Case(served, cache, stores, {node.sha256: node for node in [*authorities, leaf, stranger]})


# The oracle


def is_good(path: Sequence[Node]) -> bool:
    """RFC 5280, section 6, as far as these certificates go."""
    below = 0
    for node in path[1:]:
        if not node.may_sign or (node.path_length is not None and below > node.path_length):
            return False
        below += node.subject[0] != node.issuer[0]
    return len(path) <= MAX_PATH and all(node.valid for node in path)


def _goes_on(path: Sequence[Node], node: Node) -> bool:
    return node.issued(path[-1]) and all(node.subject != other.subject for other in path)


def all_starts(leaf: Node, candidates: Sequence[Node]) -> Iterator[list[Node]]:
    """Every way up from the leaf, wherever it ends, that has no stale certificate in it."""
    waiting = [[leaf]]
    while waiting:
        path = waiting.pop()
        yield path
        if len(path) < MAX_PATH:
            waiting += [path + [node] for node in candidates if node.valid and _goes_on(path, node)]


def accepts(store: Sequence[Node], chain: Sequence[Node]) -> bool | None:
    """The weakest client: the chain and its store alone, no fetching, no way back, nothing stale sent. None: it
    depends on which of several roots it takes."""
    if not all(node.valid for node in chain):
        return False
    path = [chain[0]]
    while True:
        anchors = [root for root in store if root.issued(path[-1]) and root not in path]
        if anchors:
            verdicts = {is_good([*path, anchor]) for anchor in [a for a in anchors if a.valid] or anchors}
            return verdicts.pop() if len(verdicts) == 1 else None
        issuers = [node for node in chain if _goes_on(path, node)]
        if not issuers:
            return False
        path.append(issuers[0])


@dataclass
class Expectation:
    surely: int  # stores that some chain satisfies at once, at least ...
    at_most: int  # ... and at most


def expect(case: Case) -> Expectation:
    surely = at_most = 0
    for chain in all_starts(case.served[0], case.candidates()):
        verdicts = [accepts(store, chain) for store in case.stores.values()]
        surely = max(surely, verdicts.count(True))
        at_most = max(at_most, len(verdicts) - verdicts.count(False))
    return Expectation(surely, at_most)
