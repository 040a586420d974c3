"""chainmend cache: list, show, import, export, fetch, verify and prune, asked of the real binary."""

import json
import os
import signal
import subprocess
import time

import pytest
from aia_server import body, status
from pki import DAY, NOW, Authority, chain_pem, chain_pkcs7


def cache(program, world, action, *more):
    return program.command("cache", action, *more, "--cache", world.cache)


def listed(program, world):
    return json.loads(cache(program, world, "list", "--json").stdout)["certificates"]


@pytest.mark.parametrize("form", ["pem", "der", "pkcs7", "folder"])
def test_import_takes_every_form(program, world, form):
    path = world.folder / "import"
    if form == "pem":
        path.write_text("words before\n" + chain_pem(world.issuing, world.root))
    elif form == "der":
        path.write_bytes(world.issuing.der)
    elif form == "pkcs7":
        path.write_bytes(chain_pkcs7(world.issuing, world.root))
    else:
        (path / "inner").mkdir(parents=True)
        (path / "README").write_text("no certificate\n")
        (path / "inner" / "ca.crt").write_bytes(world.issuing.der)
    result = cache(program, world, "import", path)
    assert result.returncode == 0, result
    assert world.issuing.sha256 in {entry["sha256"] for entry in listed(program, world)}
    result = cache(program, world, "import", path)
    assert "0 new" in result.stdout


def test_a_leaf_is_passed_over_and_told(program, world):
    result = cache(program, world, "import", world.complete)
    assert result.returncode == 0, result
    assert "not CA certificates" in result.stdout
    assert [entry["sha256"] for entry in listed(program, world)] == [world.issuing.sha256]


def test_what_cannot_be_imported_is_told_and_the_rest_is_kept(program, world):
    junk = world.folder / "junk"
    junk.write_bytes(bytes(range(256)))
    result = cache(program, world, "import", junk, world.folder / "missing", world.complete)
    assert result.returncode == 1, result
    assert str(junk) in result.stderr and "missing" in result.stderr
    assert len(listed(program, world)) == 1
    empty = world.folder / "empty"
    empty.mkdir()
    assert cache(program, world, "import", empty).returncode == 1


def test_list_and_show(program, world):
    cache(program, world, "import", world.complete)
    result = cache(program, world, "list")
    assert result.returncode == 0
    assert "Contoso Issuing CA" in result.stdout and "\x1b" not in result.stdout
    (entry,) = listed(program, world)
    assert entry["subject"].startswith("CN=Contoso Issuing CA") and "CN=Contoso Root CA" in entry["issuer"]
    assert entry["bytes"] == len(world.issuing.der) and entry["source"].startswith("import ")
    digest = world.issuing.sha256
    colons = ":".join(digest[i:i + 2].upper() for i in range(0, 64, 2))
    for wanted in (digest, digest[:8], colons, "contoso issuing"):
        result = cache(program, world, "show", wanted)
        assert result.returncode == 0, result
        assert world.issuing.pem.strip() in result.stdout
    result = cache(program, world, "show", "Fabrikam")
    assert result.returncode == 1 and "Fabrikam" in result.stderr


def test_export_gives_a_bundle_that_can_be_imported(program, world):
    bundle = world.folder / "bundle.pem"
    cache(program, world, "import", world.complete, world.roots)
    assert cache(program, world, "export", "-o", bundle).returncode == 0
    assert cache(program, world, "export").stdout == bundle.read_text()
    result = program.command("cache", "import", bundle, "--cache", world.folder / "other")
    assert "2 new" in result.stdout, result


def test_fetch(program, world):
    result = cache(program, world, "fetch", world.url)
    assert result.returncode == 1 and "127.0.0.1" in result.stderr, result
    assert world.aia.count() == 0
    result = cache(program, world, "fetch", world.url, "--fetch-allow", "127.0.0.1")
    assert result.returncode == 0, result
    assert [entry["source"] for entry in listed(program, world)] == [world.url]


def test_what_is_fetched_must_be_a_ca_certificate(program, world):
    for path, behaviour in (("/leaf", body(world.leaf.der)), ("/html", body(b"<html>")), ("/gone", status(404))):
        world.aia.route(path, behaviour)
        result = cache(program, world, "fetch", world.aia.url(path), "--fetch-allow", "127.0.0.1")
        assert result.returncode == 1, result
        assert path in result.stderr
    assert listed(program, world) == []


def test_verify_tells_and_sets_aside_what_is_bad(program, world):
    cache(program, world, "import", world.complete)
    assert cache(program, world, "verify").returncode == 0
    (world.cache / f"{'0' * 64}.pem").write_text(world.issuing.pem)
    result = cache(program, world, "verify")
    assert result.returncode == 1 and "0" * 64 in result.stderr, result
    assert cache(program, world, "verify").returncode == 0


def test_prune_drops_what_has_expired_and_nothing_else(program, world):
    old = Authority.root("Expired CA", not_before=NOW - 100 * DAY, not_after=NOW - DAY)
    path = world.folder / "old.pem"
    path.write_text(chain_pem(old, world.issuing))
    cache(program, world, "import", path)
    assert [entry["expired"] for entry in listed(program, world)].count(True) == 1
    result = cache(program, world, "prune")
    assert result.returncode == 0 and "Expired CA" in result.stdout, result
    assert [entry["sha256"] for entry in listed(program, world)] == [world.issuing.sha256]


def test_an_import_that_is_killed_leaves_a_clean_cache(program, world):
    bundle = world.folder / "bundle.pem"
    bundle.write_text(chain_pem(*(world.root.issue_authority(f"CA {i}") for i in range(60))))
    for round_ in range(8):
        process = subprocess.Popen([program.binary, "cache", "import", bundle, "--cache", world.cache],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.005 * (round_ + 1))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        result = cache(program, world, "verify")
        assert result.returncode == 0, result
        assert not [path for path in world.cache.iterdir() if path.name.startswith(".")]
    assert cache(program, world, "import", bundle).returncode == 0
    assert len(listed(program, world)) == 60


@pytest.mark.parametrize("arguments", [[], ["lst"], ["show"], ["list", "operand"], ["import"], ["list", "--nosuch"],
                                       ["fetch", "http://a/", "--fetch-allow", "1/1"]])
def test_wrong_usage(program, arguments):
    result = program.command("cache", *arguments)
    assert result.returncode == 64, result
    assert result.stderr and not result.stdout


@pytest.mark.parametrize("action", ["list", "show", "import", "export", "fetch", "verify", "prune"])
def test_help(program, action):
    result = program.command("cache", action, "--help")
    assert result.returncode == 0
    assert f"chainmend cache {action}" in result.stdout and "--cache" in result.stdout


def test_a_cache_that_cannot_be_opened(program, world):
    result = program.command("cache", "list", "--cache", world.folder / "a" / "b")
    assert result.returncode == 1 and "--cache" in result.stderr, result
