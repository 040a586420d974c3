"""Certificate files as people have them: what is in them is read, or said by name."""

import base64
import json
import struct
import subprocess

import der
import odd_containers
import pytest
from aia_server import body
from clients import curl, served_chain
from conftest import NAME
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from pki import DAY, NOW, Authority, chain_pem, chain_pkcs7, new_key, sha256_of_pem_chain
from program import eventually, free_port
from tls_servers import TlsServer, http_answer

EXPIRED = {"not_before": NOW - 200 * DAY, "not_after": NOW - 10 * DAY}
LATER = {"not_before": NOW + 10 * DAY, "not_after": NOW + 200 * DAY}


@pytest.fixture
def twins(world):
    """Leaves with one key: expired, valid, not yet valid."""
    key = new_key()
    return {"expired": world.issuing.issue_leaf([NAME], key=key, **EXPIRED),
            "valid": world.issuing.issue_leaf([NAME], key=key),
            "later": world.issuing.issue_leaf([NAME], key=key, **LATER)}


@pytest.mark.parametrize("order", ["expired valid", "valid expired", "later valid", "expired later valid",
                                   "later expired valid"])
def test_the_valid_leaf_of_a_key_is_served(program, world, twins, order):
    file = world.folder / "twins.pem"
    file.write_text(chain_pem(*[twins[word] for word in order.split()], world.issuing) + twins["valid"].key_pem)
    expected = [twins["valid"].sha256, world.issuing.sha256]

    mended = program.command("mend", file, *world.check_flags(), "--json")
    assert mended.returncode == 0, mended
    report = json.loads(mended.stdout)
    assert [certificate["sha256"] for certificate in report["mended"]] == expected
    left_out = [finding for finding in report["findings"] if finding["code"] == "unrelated_certificate"]
    assert len(left_out) == len(order.split()) - 1
    assert {(finding["severity"], finding["action"]) for finding in left_out} == {("info", "removed")}

    port = free_port()
    running = program.run(world.settings(), {"mail": {
        "listen": f"127.0.0.1:{port}", "certificate": file, "backend": "tcp://127.0.0.1:9"}})
    eventually("the valid leaf is served", lambda: served_chain(port, NAME) == expected, also=running.report)


def check(program, world, chain, *flags):
    return program.command("check", "--chain", chain, "--offline", *world.check_flags(), *flags)


def as_block(label, der):
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n"


def as_crlf(text):
    return text.replace("\n", "\r\n")


FORMS = {
    "pkcs7-as-certificate": lambda leaf, more: as_block("CERTIFICATE", chain_pkcs7(leaf, *more)).encode(),
    "certificate-as-pkcs7": lambda leaf, more: "".join(as_block("PKCS7", one.der) for one in (leaf, *more)).encode(),
    "der-with-newline": lambda leaf, more: leaf.der + b"\r\n",
    "der-with-zeros": lambda leaf, more: leaf.der + bytes(3),
    "base64": lambda leaf, more: base64.b64encode(leaf.der),
    "base64-in-lines": lambda leaf, more: as_crlf(base64.encodebytes(leaf.der).decode()).encode(),
    "base64-of-pkcs7": lambda leaf, more: base64.b64encode(chain_pkcs7(leaf, *more)),
    "base64-in-utf16": lambda leaf, more: base64.b64encode(leaf.der).decode().encode("utf-16"),
    "base64-of-pem": lambda leaf, more: base64.b64encode(chain_pem(leaf, *more).encode()),
    "pem-in-utf16": lambda leaf, more: as_crlf(chain_pem(leaf, *more)).encode("utf-16"),
    "pem-with-mark": lambda leaf, more: chain_pem(leaf, *more).encode("utf-8-sig"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_everywhere(program, world, form):
    file = world.folder / "file.any"
    file.write_bytes(FORMS[form](world.leaf, [world.issuing]))
    program.command("cache", "import", world.chain("issuing", world.issuing), "--cache", world.cache)
    assert world.leaf.sha256 in check(program, world, file, "--json").stdout
    mended = program.command("mend", file, "--key", world.key, *world.check_flags())
    assert sha256_of_pem_chain(mended.stdout) == world.mended

    port = free_port()
    running = program.run(world.settings(), {"mail": {
        "listen": f"127.0.0.1:{port}", "certificate": file, "key": world.key, "backend": "tcp://127.0.0.1:9"}})
    eventually("the chain is served", lambda: served_chain(port, NAME) == world.mended, also=running.report)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_as_roots_and_imported(program, world, form):
    file = world.folder / "root.any"
    file.write_bytes(FORMS[form](world.root, []))
    result = program.command("check", "--chain", world.complete, "--offline", "--cache", world.cache, "--roots",
                             f"r={file}")
    assert result.returncode == 0, result
    imported = program.command("cache", "import", file, "--cache", world.cache)
    assert imported.returncode == 0, imported
    assert (world.cache / f"{world.root.sha256}.pem").is_file()


@pytest.mark.parametrize("form", ["der-with-newline", "base64", "base64-of-pkcs7", "pem-in-utf16",
                                  "pkcs7-as-certificate"])
def test_every_form_is_taken_from_a_url(program, world, aia, form):
    aia.route(world.path, body(FORMS[form](world.issuing, [])))
    mended = program.command("mend", world.leaf_alone, *world.check_flags())
    assert sha256_of_pem_chain(mended.stdout) == world.mended


REFUSED = {
    "four-dashes": (lambda text: text[1:], "line 1 looks like a BEGIN"),
    "end-of-four": (lambda text: text.replace("-----\n-----BEGIN", "----\n-----BEGIN", 1), "looks like a BEGIN or END"),
    "no-end": (lambda text: text[: text.rindex("-----END")], "no END line"),
    "stray-end": (lambda text: text + "-----END CERTIFICATE-----\n", "looks like a BEGIN or END"),
}


@pytest.mark.parametrize("damage", REFUSED)
def test_a_damaged_line_is_named(program, world, damage):
    change, words = REFUSED[damage]
    file = world.folder / "damaged.pem"
    file.write_text(change(chain_pem(world.leaf, world.issuing)))
    for result in (check(program, world, file), program.command("mend", file, *world.check_flags())):
        assert result.returncode == 3 and words in result.stderr, result


def test_a_damaged_root_is_named(program, world, tmp_path):
    (tmp_path / "roots").mkdir()
    (tmp_path / "roots" / "one.pem").write_text(world.root.pem)
    (tmp_path / "roots" / "two.pem").write_text(world.root.pem[1:])
    for roots in (tmp_path / "roots" / "two.pem", tmp_path / "roots", f"all={tmp_path / 'roots'}"):
        result = program.command("check", "--chain", world.complete, "--offline", "--roots", roots)
        assert result.returncode == 3 and "line 1 looks like a BEGIN" in result.stderr, result


FOREIGN = {
    "jks": (b"\xfe\xed\xfe\xed" + bytes(40), "keytool -importkeystore"),
    "html": (b"<!DOCTYPE html>\n<html><title>Login</title></html>\n", "HTML"),
    "putty": (b"PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\n", "PuTTY"),
    "zip": (b"PK\x03\x04" + bytes(40), "ZIP"),
    "behind-der": (None, "bytes follow the DER structure (4 of them)"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_is_no_certificate_is_said_by_name(program, world, kind):
    content, words = FOREIGN[kind]
    file = world.folder / "file.cer"
    file.write_bytes(content or world.leaf.der + b"\nabc")
    result = check(program, world, file)
    assert result.returncode == 3 and words in result.stderr, result


def java_keystore(*roots):
    entries = b"".join(struct.pack(">IH", 2, 1) + b"a" + bytes(8) + struct.pack(">H", 5) + b"X.509" +
                       struct.pack(">I", len(root.der)) + root.der for root in roots)
    return struct.pack(">III", 0xFEEDFEED, 2, len(roots)) + entries + bytes(20)


def windows_store(*roots):
    properties = b"".join(struct.pack("<III", 32, 1, len(root.der)) + root.der for root in roots)
    return bytes(4) + b"CERT" + properties + bytes(12)


@pytest.mark.parametrize("make", [java_keystore, windows_store])
def test_stores_of_java_and_windows(program, world, make):
    file = world.folder / "store.bin"
    file.write_bytes(make(Authority.root("Other Root CA"), world.root))
    result = program.command("check", "--chain", world.complete, "--offline", "--cache", world.cache, "--roots",
                             f"r={file}")
    assert result.returncode == 0, result
    file.write_bytes(make(Authority.root("Other Root CA")))
    result = program.command("check", "--chain", world.complete, "--offline", "--cache", world.cache, "--roots",
                             f"r={file}")
    assert result.returncode == 2, result


@pytest.mark.parametrize("count", [1001, 5000])
def test_many_names_are_no_fault(program, world, count):
    leaf = world.issuing.issue_leaf([NAME, *[f"h{index}.a.b" for index in range(count)]], aia=[world.url])
    chain, key = leaf.write(world.folder, "names")
    checked = check(program, world, world.chain("whole", leaf, world.issuing), "--name", f"h{count - 1}.a.b")
    assert checked.returncode == 0, checked
    port = free_port()
    running = program.run(world.settings(), {"mail": {
        "listen": f"127.0.0.1:{port}", "certificate": chain, "key": key, "hostnames": f"h{count - 1}.a.b",
        "backend": "tcp://127.0.0.1:9"}})
    eventually("it is served", lambda: served_chain(port, NAME) == [leaf.sha256, world.issuing.sha256],
               also=running.report)


def codes(result):
    return [finding["code"] for finding in json.loads(result.stdout)["findings"]]


@pytest.mark.parametrize("order", ["leaf first", "leaf last"])
def test_a_bundle_of_roots_behind_the_leaf(program, world, order):
    """With the key, the leaf is found behind more certificates than a mend looks at."""
    bundle = [Authority.root(f"Root {index} CA") for index in range(140)]
    own = [world.leaf, world.issuing]
    file = world.chain("bundle", *(own + bundle if order == "leaf first" else bundle + own))
    result = program.command("mend", file, "--key", world.key, *world.check_flags(), "--json")
    assert result.returncode == 0 and "verification_limit" in codes(result), result
    port = free_port()
    running = program.run(world.settings(), {"mail": {
        "listen": f"127.0.0.1:{port}", "certificate": file, "key": world.key, "backend": "tcp://127.0.0.1:9"}})
    eventually("the mended chain is served", lambda: served_chain(port, NAME) == world.mended, also=running.report)
    running.wait_for_fix("verification_limit")


def test_a_server_that_sends_130_certificates(program, world):
    chain = world.chain("long", world.leaf, *[Authority.root("Stranger CA")] * 129)
    with TlsServer(chain, world.key, http_answer()) as server:
        result = program.command("check", f"{NAME}:{server.port}", "--connect", f"127.0.0.1:{server.port}", "--json",
                                 *world.check_flags())
        assert result.returncode == 1 and "verification_limit" in codes(result), result
        port = free_port()
        running = program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key, "hostnames": NAME,
            "backend": f"tls://127.0.0.1:{server.port}", "backend_name": NAME, "backend_verify": "mend"}})
        eventually("the backend is trusted", lambda: curl(port, NAME, world.roots).ok, also=running.report)


PASSWORD = "passwört-ä"
PASSWORD_FILES = {
    "plain": PASSWORD.encode(), "newline": f"{PASSWORD}\n".encode(), "crlf": f"{PASSWORD}\r\n".encode(),
    "blanks": f"{PASSWORD}  \t\n".encode(), "mark": f"{PASSWORD}\n".encode("utf-8-sig"),
    "utf16": f"{PASSWORD}\r\n".encode("utf-16"), "utf16-without-mark": f"{PASSWORD}\r\n".encode("utf-16-le"),
    "utf16-big": f"{PASSWORD}\r\n".encode("utf-16-be"), "latin1": f"{PASSWORD}\n".encode("latin-1"),
}


def write_pfx(world, password):
    """The key and the leaf alone."""
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    file = world.folder / "leaf.pfx"
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"leaf", world.leaf.key, world.leaf.certificate, None, how))
    return file


@pytest.mark.parametrize("form", PASSWORD_FILES)
@pytest.mark.parametrize("what", ["pfx", "pfx-in-base64", "key"])
def test_a_password_file_is_read_as_windows_saves_it(program, world, form, what):
    password = world.folder / "password.txt"
    password.write_bytes(PASSWORD_FILES[form])
    password.chmod(0o600)
    if what == "key":
        file = world.folder / "leaf.any"
        file.write_text(chain_pem(world.leaf) + world.leaf.encrypted_key_pem(PASSWORD))
    else:
        file = write_pfx(world, PASSWORD.encode())
        if what != "pfx":
            file.write_bytes(base64.encodebytes(file.read_bytes()))
    mended = program.command("mend", file, "--key-password-file", password, *world.check_flags())
    assert sha256_of_pem_chain(mended.stdout) == world.mended, mended
    port = free_port()
    running = program.run(world.settings(), {"mail": {
        "listen": f"127.0.0.1:{port}", "certificate": file, "key_password_file": password,
        "backend": "tcp://127.0.0.1:9"}})
    eventually("it is served", lambda: served_chain(port, NAME) == world.mended, also=running.report)


def test_a_wrong_password_and_none_are_told_apart(program, world):
    file, wrong = write_pfx(world, b"right"), world.folder / "wrong.txt"
    wrong.write_bytes(b"wr\xf6ng \n")
    result = program.command("mend", file, *world.check_flags())
    assert result.returncode == 3 and "has a password, and none is known" in result.stderr, result
    result = program.command("mend", file, "--key-password-file", wrong, *world.check_flags())
    assert result.returncode == 3 and "the password does not open" in result.stderr, result


PLAIN = ["-certpbe", "NONE", "-keypbe", "NONE"]


def openssl_pfx(world, name, password, *flags):
    """Makes a PKCS#12 file by openssl: of the root, or, with a key, of the leaf."""
    file = world.folder / name
    subprocess.run(["openssl", "pkcs12", "-export", "-passout", f"pass:{password}", "-out", file, *flags], check=True,
                   timeout=30)
    return file


@pytest.mark.parametrize("password, flags, words", [
    ("", ["-nomac", *PLAIN], None), ("changeit", [], None), ("", [], None), ("changeit", PLAIN, None),
    ("other", [], "has a password, and none is known"),
    ("other", ["-nomac", "-certpbe", "AES-256-CBC"], "is encrypted and has no MAC"),
], ids=["java-18", "java", "empty", "mac-alone", "other", "encrypted-without-mac"])
def test_a_store_in_pkcs12(program, world, password, flags, words):
    file = openssl_pfx(world, "cacerts", password, "-nokeys", "-in", world.roots, *flags)
    result = program.command("check", "--chain", world.complete, "--offline", "--cache", world.cache, "--roots",
                             f"r={file}")
    assert result.returncode == (3 if words else 0) and (words or "") in result.stderr, result
    imported = program.command("cache", "import", file, "--cache", world.cache)
    assert (imported.returncode == 0) == (words is None), imported


@pytest.mark.parametrize("flags, words", [
    (["-nomac"], "is encrypted and has no MAC"), (["-nomac", *PLAIN], "has no MAC, so that nothing protects it"),
])
def test_a_key_without_mac_is_not_taken(program, world, flags, words):
    chain, key = world.leaf.write(world.folder, "single")
    file = openssl_pfx(world, "leaf.p12", "right", "-in", chain, "-inkey", key, *flags)
    password = world.folder / "password.txt"
    password.write_text("right\n")
    for more in ([], ["--key-password-file", password]):
        result = program.command("mend", file, *more, *world.check_flags())
        assert result.returncode == 3 and words in result.stderr, result


def odd_encryption(name):
    if name == "pbes2-md5":
        md5 = der.seq(der.oid("1.2.840.113549.2.6"), der.NULL)
        return odd_containers.pbes2(odd_containers.PBKDF2, der.seq(der.octets(bytes(8)), der.integer(1), md5))
    return odd_containers.ENCRYPTIONS[name]


@pytest.mark.parametrize("name, words", [
    ("scrypt", "not supported"), ("scrypt-huge", "10 million turns"), ("pbes2-turns-huge", "10 million turns"),
    ("pbe-turns-huge", "10 million turns"), ("pbes2-unknown", "not supported"), ("pbes2-md5", "not supported"),
    ("pbes2-turns-2-64", "not supported"),
])
@pytest.mark.parametrize("what", ["key", "pfx"])
def test_an_odd_encryption_is_refused_before_a_turn_is_made(program, world, what, name, words):
    """The password is right for nothing: a program that hashed first would say that it is wrong, or hang."""
    algorithm = odd_encryption(name)
    password, file = world.folder / "password.txt", world.folder / "odd"
    password.write_text("secret\n")
    if what == "key":
        file.write_bytes(der.seq(algorithm, der.octets(bytes(64))))
    else:
        file.write_bytes(odd_containers.pfx(odd_containers.encrypted(algorithm)))
    arguments = [file] if what == "pfx" else [world.complete, "--key", file]
    result = program.command("mend", *arguments, "--key-password-file", password, *world.check_flags())
    assert result.returncode == 3 and words in result.stderr, result


@pytest.mark.parametrize("name, words", [
    ("inside-turns-huge", "10 million turns"), ("inside-together", "10 million turns"),
    ("parts-40", "10 million turns"), ("inside-40", "more than one private key"), ("inside-part", "does not parse"),
    ("inside-deep", "64 deep"),
])
def test_what_a_decrypted_part_asks_for_is_refused_before_a_turn_is_made(program, world, name, words):
    """A hundred million turns take half a minute and more."""
    password, file = world.folder / "password.txt", world.folder / "hidden.pfx"
    password.write_text("secret\n")
    file.write_bytes(odd_containers.pkcs12s()[name])
    result = program.command("mend", file, "--key-password-file", password, *world.check_flags())
    assert result.returncode == 3 and words in result.stderr, result


@pytest.mark.parametrize("name", ["inside", "inside-plain", "inside-indefinite"])
def test_a_key_in_an_encrypted_part_is_read(program, world, name):
    password, file = world.folder / "password.txt", world.folder / "hidden.pfx"
    password.write_text("secret\n")
    results = []
    for each in (name, "good"):
        file.write_bytes(odd_containers.pkcs12s()[each])
        results.append(program.command("mend", file, "--key-password-file", password, *world.check_flags()))
    assert results[0].stdout.startswith("-----BEGIN CERTIFICATE-----") or results[0].returncode == 2, results
    assert (results[0].returncode, results[0].stderr) == (results[1].returncode, results[1].stderr), results
