"""many_inputs - certificate chains of every kind that servers have, right and wrong, drawn from a seed.

    keys = Keys()
    for number in range(1000): given = make_input(7, number, keys)

An input is a hierarchy (root, intermediates, leaf), drawn with a few oddities of KINDS; then it is arranged: what the
server sends, what a store and the cache hold (ARRANGEMENTS). The same seed and number draw the same, keys and
serial numbers apart. Every input has names of its own, so that many may share a cache.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Callable

from der import NULL, bits, context, generalized_time, implicit, integer, octets, oid, seq, set_of, tlv, utc_time, utf8
from odd_certificates import (
    ALT_NAME,
    AUTHORITY_KEY,
    BASIC_CONSTRAINTS,
    KEY_USAGE,
    NAME_CONSTRAINTS,
    PURPOSES,
    SERVER_AUTH,
    attribute,
    dns,
    extension,
    url,
)
from signing_keys import Key, Keys

NOW = datetime.now(timezone.utc).replace(microsecond=0, tzinfo=None)
SUBJECT_KEY, CRL_NUMBER = "2.5.29.14", "2.5.29.20"
CLIENT_AUTH, EMAIL, ANY_PURPOSE = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4", "2.5.29.37.0"
CA_USAGE = ("keyCertSign", "cRLSign")
USAGES = ("digitalSignature", "contentCommitment", "keyEncipherment", "dataEncipherment", "keyAgreement",
          "keyCertSign", "cRLSign")


@dataclass
class Part:
    """What one certificate is to be. `days`: from and until, counted from now."""

    subject: str
    key: str = "p256"
    hash: str = "sha256"  # of the signature that its issuer makes
    days: tuple[float, float] = (-20, 900)
    ca: bool | None = True  # None: no basicConstraints
    path_length: int | None = None
    usage: tuple[str, ...] | None = CA_USAGE
    purposes: tuple[str, ...] | None = None
    names: list[bytes] = field(default_factory=list)
    constraints: tuple[list[bytes], list[bytes]] = ((), ())  # type: ignore[assignment]
    constraints_critical: bool = True
    more: list[bytes] = field(default_factory=list)
    key_ids: bool = True
    issuer_written: str = "same"  # how it writes its issuer's name: see WRITTEN
    version: bytes = context(0, integer(2))
    broken_signature: bool = False


@dataclass
class Made:
    """A certificate that was made."""

    part: Part
    key: Key
    serial: int
    issuer: Part
    der: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.der).hexdigest()


@dataclass
class Recipe:
    root: Part
    cas: list[Part]  # from the root down
    leaf: Part
    domain: str
    asked: str
    arrangements: list[str] = field(default_factory=list)


@dataclass
class Input:
    number: int
    kinds: list[str]
    asked: str  # the name that clients use
    leaf: Made
    served: list[Made]
    roots: list[Made]
    cache: list[Made]
    issuers: list[Made]  # the root and its intermediates, from the root down
    crls: list[bytes] = field(default_factory=list)

    @property
    def first(self) -> Made:
        return self.served[0]


# DER


def _strings(text: str, how: str) -> bytes:
    if how == "printable":
        return tlv(0x13, text.encode())
    if how == "upper":
        return utf8(text.upper())
    if how == "blanks":
        return utf8("  " + text.replace(" ", "   ") + " ")
    if how == "bmp":
        return tlv(0x1E, text.encode("utf-16-be"))
    return utf8(text)


WRITTEN = ("printable", "upper", "blanks", "bmp")


def name_der(text: str, how: str = "same") -> bytes:
    return seq(set_of(attribute("2.5.4.10", utf8("chainmend tests"))),
               set_of(attribute("2.5.4.3", _strings(text, how))))


def _time(days: float) -> bytes:
    moment = NOW + timedelta(days=days)
    text = moment.strftime("%Y%m%d%H%M%SZ")
    return generalized_time(text) if moment.year >= 2050 or moment.year < 1950 else utc_time(text[2:])


def _usage(names: tuple[str, ...]) -> bytes:
    value = sum(0x80 >> USAGES.index(name) for name in names)
    unused = (value & -value).bit_length() - 1 if value else 0
    return bits(bytes([value]) if value else b"", unused)


def _key_id(key: Key) -> bytes:
    return hashlib.sha1(key.spki).digest()


def _extensions(part: Part, key: Key, issuer_key: Key) -> list[bytes]:
    made = []
    if part.ca is not None:
        length = [integer(part.path_length)] if part.path_length is not None else []
        made.append(extension(BASIC_CONSTRAINTS, seq(b"\x01\x01\xff", *length) if part.ca else seq(), True))
    if part.usage is not None:
        made.append(extension(KEY_USAGE, _usage(part.usage), True))
    if part.purposes is not None:
        made.append(extension(PURPOSES, seq(*map(oid, part.purposes))))
    if part.names:
        made.append(extension(ALT_NAME, seq(*part.names)))
    permitted, excluded = part.constraints
    if permitted or excluded:
        made.append(extension(NAME_CONSTRAINTS, seq(*([context(0, *permitted)] if permitted else []),
                                                    *([context(1, *excluded)] if excluded else [])),
                              part.constraints_critical))
    if part.key_ids:
        made.append(extension(SUBJECT_KEY, octets(_key_id(key))))
        made.append(extension(AUTHORITY_KEY, seq(implicit(0, _key_id(issuer_key)))))
    return made + part.more


def issue(part: Part, key: Key, issuer: Part, issuer_key: Key, rng: random.Random) -> Made:
    algorithm, _ = issuer_key.sign(b"", part.hash)
    extensions = _extensions(part, key, issuer_key) if part.version else []
    serial = rng.getrandbits(120) | 1 << 120
    tbs = seq(part.version, integer(serial), algorithm,
              name_der(issuer.subject, part.issuer_written), seq(_time(part.days[0]), _time(part.days[1])),
              name_der(part.subject), key.spki, context(3, seq(*extensions)) if extensions else b"")
    _, signature = issuer_key.sign(tbs, part.hash)
    if part.broken_signature:
        signature = issuer_key.sign(tbs + b"x", part.hash)[1]
    return Made(part, key, serial, issuer, seq(tbs, algorithm, bits(signature)))


def make_crl(issuer: Made, revoked: list[Made], days: tuple[float, float]) -> bytes:
    algorithm, _ = issuer.key.sign(b"", "sha256")
    entries = [seq(integer(made.serial), _time(-2)) for made in revoked if made.issuer is issuer.part]
    extensions = [extension(AUTHORITY_KEY, seq(implicit(0, _key_id(issuer.key)))), extension(CRL_NUMBER, integer(1))]
    tbs = seq(integer(1), algorithm, name_der(issuer.part.subject), _time(days[0]), _time(days[1]),
              seq(*entries) if entries else b"", context(0, seq(*extensions)))
    return seq(tbs, algorithm, bits(issuer.key.sign(tbs, "sha256")[1]))


# What is odd, before the certificates are made

Kind = Callable[[Recipe, random.Random], None]
ODD_KEYS = ("p224", "p384", "p521", "rsa", "rsa1024", "rsa-pss", "ed25519", "ed448", "dsa", "brainpool", "secp256k1",
            "ml-dsa")


def _usage_without_signature(recipe: Recipe, rng: random.Random) -> None:
    recipe.leaf.key = rng.choice(["p256", "rsa"])
    recipe.leaf.usage = rng.choice([("keyEncipherment",), ("keyAgreement",), ("keyEncipherment", "dataEncipherment"),
                                    ("contentCommitment",), ("keyCertSign",)])


def _leaf_is_ca(recipe: Recipe, rng: random.Random) -> None:
    recipe.leaf.ca = True
    recipe.leaf.usage = rng.choice([None, ("digitalSignature",), ("digitalSignature", *CA_USAGE)])


def _odd_leaf_key(recipe: Recipe, rng: random.Random) -> None:
    recipe.leaf.key = rng.choice(ODD_KEYS)


def _odd_issuer_key(recipe: Recipe, rng: random.Random) -> None:
    rng.choice(recipe.cas or [recipe.root]).key = rng.choice(ODD_KEYS)


def _odd_root_key(recipe: Recipe, rng: random.Random) -> None:
    recipe.root.key = rng.choice(ODD_KEYS)


def _odd_hash(recipe: Recipe, rng: random.Random) -> None:
    part = rng.choice([recipe.leaf, *recipe.cas, recipe.root])
    if rng.random() < .5:
        for one in (recipe.root, *recipe.cas):
            one.key = "rsa"
    part.hash = rng.choice(["sha1", "sha384", "sha512", "sha3", "md5", "pss", "pss-odd"])


def _written_otherwise(recipe: Recipe, rng: random.Random) -> None:
    rng.choice([recipe.leaf, *recipe.cas]).issuer_written = rng.choice(WRITTEN)


def _long_lifetime(recipe: Recipe, rng: random.Random) -> None:
    recipe.leaf.days = rng.choice([(-10, 820), (-10, 3650), (-800, 60), (-1200, 400), (-20, 100 * 365)])


def _odd_dates(recipe: Recipe, rng: random.Random) -> None:
    part = rng.choice([recipe.leaf, *recipe.cas, recipe.root])
    part.days = rng.choice([(-400, -2), (5, 900), (-30, .5), (-.1, 10), (-30000, 900), (-20, 12000), (-20, 7900 * 365),
                            (400, -400), (-400, 3)])


def _odd_names(recipe: Recipe, rng: random.Random) -> None:
    domain = recipe.domain
    ip4, ip6 = implicit(7, bytes([192, 0, 2, 7])), implicit(7, bytes.fromhex("20010db8" + "00" * 11 + "07"))
    recipe.leaf.names, recipe.asked = rng.choice([
        ([dns(f"*.{domain}")], f"www.{domain}"),
        ([dns(f"*.{domain}")], domain),
        ([dns(f"*.{domain}")], f"a.b.{domain}"),
        ([dns(f"w*.{domain}")], f"www.{domain}"),
        ([dns(f"*w.{domain}")], f"www.{domain}"),
        ([dns("*.test")], domain),
        ([dns("*")], "intranet"),
        ([dns("intranet")], "intranet"),
        ([dns(f"www.*.{domain}")], f"www.a.{domain}"),
        ([dns(f"www.{domain}.")], f"www.{domain}"),
        ([dns(f"*.{domain}.")], f"www.{domain}"),
        ([dns(f"www.{domain}")], f"www.{domain}."),
        ([dns(f"WWW.{domain.upper()}")], f"www.{domain}"),
        ([dns(f"www.{domain}")], f"WWW.{domain.upper()}"),
        ([dns(f"a_b.{domain}")], f"a_b.{domain}"),
        ([dns(f"*.{domain}")], f"a_b.{domain}"),
        ([dns(f"xn--mnchen-3ya.{domain}")], f"münchen.{domain}"),
        ([dns(f"xn--mnchen-3ya.{domain}")], f"xn--mnchen-3ya.{domain}"),
        ([dns(f"*.{domain}")], f"xn--mnchen-3ya.{domain}"),
        ([dns(f"other.{domain}")], f"www.{domain}"),
        ([ip4], "192.0.2.7"), ([ip6], "2001:db8::7"), ([ip4], "192.0.2.8"), ([dns("192.0.2.7")], "192.0.2.7"),
        ([ip4], f"www.{domain}"), ([url(f"https://www.{domain}/")], f"www.{domain}"),
        ([implicit(1, f"user@{domain}".encode())], domain), ([], recipe.leaf.subject),
        ([], f"www.{domain}"), ([dns(""), dns(f"www.{domain}")], f"www.{domain}"),
        ([dns(f"www.{domain}\0.evil.test")], f"www.{domain}"),
    ])


def _many_names(recipe: Recipe, rng: random.Random) -> None:
    count = rng.choice([99, 300, 1001, 2500])
    recipe.leaf.names = [dns(f"h{i}.{recipe.domain}") for i in range(count)]
    recipe.asked = f"h{rng.randrange(count)}.{recipe.domain}"


def _subtree(base: bytes) -> bytes:
    return seq(base)


def _constrained(recipe: Recipe, rng: random.Random) -> None:
    domain, part = recipe.domain, rng.choice([*recipe.cas, recipe.root])
    address, other_address = bytes([192, 0, 2, 0]), bytes([10, 0, 0, 0])
    mask = bytes([255, 255, 255, 0])
    subtree = rng.choice([
        dns(domain), dns(f".{domain}"), dns(f"www.{domain}"), dns("else.test"), dns("test"), dns(""),
        dns(domain.upper()), dns(f"bad.{domain}"),
        implicit(7, address + mask), implicit(7, other_address + mask), implicit(7, bytes(8)), implicit(7, bytes(32)),
        context(4, name_der(recipe.leaf.subject)), context(4, seq(set_of(attribute("2.5.4.10",
                                                                                   utf8("chainmend tests"))))),
        context(4, seq(set_of(attribute("2.5.4.10", utf8("Else"))))), context(4, seq()),
        implicit(1, domain.encode()), implicit(1, b"else.test"), url(domain), url(".else.test"),
        implicit(8, oid("2.999.1")[2:]), context(0, oid("2.999"), context(0, utf8("x"))),
    ])
    part.constraints = rng.choice([([_subtree(subtree)], []), ([], [_subtree(subtree)]),
                                   ([_subtree(dns(domain)), _subtree(subtree)], []),
                                   ([_subtree(dns(domain))], [_subtree(subtree)])])
    part.constraints_critical = rng.random() < .8
    recipe.leaf.names = [dns(f"www.{domain}")] + rng.choice([
        [], [], [dns(f"*.{domain}")], [implicit(7, bytes([192, 0, 2, 7]))], [implicit(1, f"a@{domain}".encode())],
        [url(f"https://www.{domain}/")], [implicit(7, bytes(15) + b"\1")]])


def _odd_purposes(recipe: Recipe, rng: random.Random) -> None:
    part = rng.choice([recipe.leaf, recipe.leaf, *recipe.cas, recipe.root])
    part.purposes = rng.choice([(SERVER_AUTH,), (CLIENT_AUTH,), (EMAIL,), (ANY_PURPOSE,), (SERVER_AUTH, CLIENT_AUTH),
                                ("1.3.6.1.4.1.311.10.3.3",), ("2.16.840.1.113730.4.1",), None])


def _path_length(recipe: Recipe, rng: random.Random) -> None:
    rng.choice([*recipe.cas, recipe.root]).path_length = rng.choice([0, 0, 1, 2, 100])


def _not_an_authority(recipe: Recipe, rng: random.Random) -> None:
    part = rng.choice([*recipe.cas, recipe.root])
    change = rng.randrange(5)
    if change == 0:
        part.ca = False
    elif change == 1:
        part.ca = None
    elif change == 2:
        part.usage = ("digitalSignature",)
    elif change == 3:
        part.usage = None
    else:
        part.version = b""


def _no_key_ids(recipe: Recipe, _: random.Random) -> None:
    for part in (recipe.root, *recipe.cas, recipe.leaf):
        part.key_ids = False


def _critical_unknown(recipe: Recipe, rng: random.Random) -> None:
    critical = rng.random() < .5
    rng.choice([recipe.leaf, *recipe.cas, recipe.root]).more.append(extension("2.999.1", NULL, critical))


def _deep(recipe: Recipe, rng: random.Random) -> None:
    top = recipe.domain
    recipe.cas = [Part(f"CA {i} of {top}") for i in range(1, rng.choice([5, 8, 9, 10, 12, 14, 15, 16]))]


def _no_intermediate(recipe: Recipe, _: random.Random) -> None:
    recipe.cas = []


def _broken_signature(recipe: Recipe, rng: random.Random) -> None:
    rng.choice([recipe.leaf, *recipe.cas]).broken_signature = True


def _plain(_recipe: Recipe, _rng: random.Random) -> None:
    """Nothing is odd."""


KINDS: dict[str, tuple[int, Kind]] = {
    "plain": (6, _plain),
    "usage without signature": (4, _usage_without_signature),
    "leaf is ca": (3, _leaf_is_ca),
    "odd leaf key": (6, _odd_leaf_key),
    "odd issuer key": (6, _odd_issuer_key),
    "odd root key": (4, _odd_root_key),
    "odd hash": (8, _odd_hash),
    "written otherwise": (5, _written_otherwise),
    "long lifetime": (3, _long_lifetime),
    "odd dates": (8, _odd_dates),
    "odd names": (10, _odd_names),
    "many names": (2, _many_names),
    "constrained": (14, _constrained),
    "odd purposes": (7, _odd_purposes),
    "path length": (6, _path_length),
    "not an authority": (5, _not_an_authority),
    "no key ids": (4, _no_key_ids),
    "critical unknown": (2, _critical_unknown),
    "deep": (4, _deep),
    "no intermediate": (3, _no_intermediate),
    "broken signature": (3, _broken_signature),
}

# What is served, trusted and known, after they are made

Arrangement = Callable[[Input, Keys, random.Random], None]


def _above(given: Input) -> tuple[Made, Made]:
    """An intermediate (the leaf where there is none), and its issuer."""
    if len(given.issuers) == 1:
        return given.leaf, given.issuers[0]
    return given.issuers[-1], given.issuers[-2]


def _leaf_alone(given: Input, _keys: Keys, rng: random.Random) -> None:
    given.served = [given.leaf]
    if rng.random() < .5:
        given.cache = []


def _one_missing(given: Input, _keys: Keys, rng: random.Random) -> None:
    if len(given.served) > 1:
        given.served.pop(rng.randrange(1, len(given.served)))


def _root_served(given: Input, _keys: Keys, _rng: random.Random) -> None:
    given.served.append(given.issuers[0])


def _shuffled(given: Input, _keys: Keys, rng: random.Random) -> None:
    given.served[1:] = rng.sample(given.served[1:], len(given.served) - 1)


def _leaf_not_first(given: Input, _keys: Keys, rng: random.Random) -> None:
    given.served.append(given.issuers[0])
    given.served.insert(rng.randrange(1, len(given.served)), given.served.pop(0))


def _duplicates(given: Input, _keys: Keys, rng: random.Random) -> None:
    given.served.insert(rng.randrange(1, len(given.served) + 1), rng.choice(given.served))


def _foreign(given: Input, keys: Keys, rng: random.Random) -> None:
    part = Part(f"Stranger of {given.number}")
    key = keys.take("p256")
    given.served.insert(rng.randrange(1, len(given.served) + 1), issue(part, key, part, key, rng))


def _private_root(given: Input, keys: Keys, rng: random.Random) -> None:
    part = Part(f"Other root of {given.number}", days=(-900, 3000))
    key = keys.take("p256")
    given.roots = [issue(part, key, part, key, rng)]


def _renewed_with_new_key(given: Input, keys: Keys, rng: random.Random) -> None:
    """The issuer's certificate of before, with another key, in place of the one that signed, or beside it."""
    lower, upper = _above(given)
    if lower is given.leaf:
        return
    former = issue(lower.part, keys.take(lower.part.key), upper.part, upper.key, rng)
    place = given.served.index(lower) if lower in given.served else len(given.served)
    if rng.random() < .5:
        given.served[place:place + 1] = [former]
        given.cache = [made for made in given.cache if made is not lower or rng.random() < .5]
    else:
        given.served.insert(place, former)


def _expired_twin(given: Input, _keys: Keys, rng: random.Random) -> None:
    lower, upper = _above(given)
    if lower is given.leaf:
        return
    days = rng.choice([(-900.0, -5.0), (5.0, 900.0)])
    twin = issue(replace(lower.part, days=days), lower.key, upper.part, upper.key, rng)
    place = given.served.index(lower) if lower in given.served else len(given.served)
    given.served[place:place + rng.randrange(2)] = [twin]


def _cross_signed(given: Input, keys: Keys, rng: random.Random) -> None:
    """The root is served as another root's intermediate; the store has the one, the other or both."""
    root = given.issuers[0]
    part = Part(f"Older root of {given.number}", days=(-3000, rng.choice([-3, 2000])))
    key = keys.take("p256")
    older = issue(part, key, part, key, rng)
    given.served.append(issue(replace(root.part, days=(-900, rng.choice([-3, 900]))), root.key, part, key, rng))
    given.roots = rng.choice([[root], [older], [root, older]])


def _issuer_in_store(given: Input, _keys: Keys, _rng: random.Random) -> None:
    given.roots = [given.issuers[-1]]


def _self_signed(given: Input, _keys: Keys, rng: random.Random) -> None:
    part = given.leaf.part
    own = issue(part, given.leaf.key, part, given.leaf.key, rng)
    given.leaf, given.served = own, [own]
    if rng.random() < .5:
        given.roots = [own]


def _crls_given(given: Input, _keys: Keys, rng: random.Random) -> None:
    """One of each authority: of nothing, the leaf, or an intermediate."""
    days = rng.choice([(-1.0, 30.0), (-1.0, 30.0), (-1.0, 30.0), (-60.0, -2.0)])
    revoked = rng.choice([[], [given.leaf], [given.leaf], given.issuers[1:][-1:]])
    given.crls = [make_crl(issuer, revoked, days) for issuer in given.issuers]


def _cache_empty(given: Input, _keys: Keys, _rng: random.Random) -> None:
    given.cache = []


ARRANGEMENTS: dict[str, tuple[int, Arrangement]] = {
    "leaf alone": (6, _leaf_alone),
    "one missing": (4, _one_missing),
    "root served": (4, _root_served),
    "shuffled": (4, _shuffled),
    "leaf not first": (4, _leaf_not_first),
    "duplicates": (4, _duplicates),
    "foreign": (4, _foreign),
    "private root": (4, _private_root),
    "renewed with a new key": (5, _renewed_with_new_key),
    "expired twin": (5, _expired_twin),
    "cross-signed": (6, _cross_signed),
    "issuer in store": (3, _issuer_in_store),
    "self-signed": (3, _self_signed),
    "crls": (5, _crls_given),
    "cache empty": (3, _cache_empty),
}


def _draw(rng: random.Random, table: dict[str, tuple[int, object]], counts: list[int]) -> list[str]:
    drawn = rng.choices(list(table), [weight for weight, _ in table.values()], k=rng.choice(counts))
    return list(dict.fromkeys(drawn))


def _recipe(rng: random.Random, number: int) -> Recipe:
    domain = f"n{number}.test"
    usage = rng.choice([("digitalSignature",), ("digitalSignature", "keyEncipherment"), None])
    leaf = Part(f"www.{domain}", rng.choice(["p256", "p256", "rsa", "p384"]), days=(-5, 80), ca=False, usage=usage,
                purposes=rng.choice([(SERVER_AUTH,), (SERVER_AUTH, CLIENT_AUTH), None]), names=[dns(f"www.{domain}")])
    cas = [Part(f"CA {i} of {domain}", rng.choice(["p256", "p256", "rsa"])) for i in range(rng.choice([1, 1, 1, 2, 3]))]
    return Recipe(Part(f"Root of {domain}", days=(-900, 3000)), cas, leaf, domain, f"www.{domain}")


def make_input(seed: int, number: int, keys: Keys) -> Input:
    rng = random.Random(f"{seed} {number}")
    keys.begin_input()
    recipe = _recipe(rng, number)
    kinds = _draw(rng, KINDS, [1, 1, 1, 2, 2, 3])  # type: ignore[arg-type]
    for kind in kinds:
        KINDS[kind][1](recipe, rng)
    arranged = _draw(rng, ARRANGEMENTS, [0, 0, 1, 1, 2])  # type: ignore[arg-type]

    issuers: list[Made] = []
    for part in (recipe.root, *recipe.cas):
        key = keys.take(part.key)
        above, above_key = (issuers[-1].part, issuers[-1].key) if issuers else (part, key)
        issuers.append(issue(part, key, above, above_key, rng))
    leaf = issue(recipe.leaf, keys.take(recipe.leaf.key), issuers[-1].part, issuers[-1].key, rng)
    given = Input(number, kinds + arranged, recipe.asked, leaf, [leaf, *issuers[:0:-1]], [issuers[0]],
                  [made for made in issuers[1:] if made.part.ca], issuers)
    for arrangement in arranged:
        ARRANGEMENTS[arrangement][1](given, keys, rng)
    return given
