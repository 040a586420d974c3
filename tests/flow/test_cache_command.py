"""cache list, show, import, export, fetch, verify and prune."""

import datetime
import json
import shutil

import pytest
from aia_server import body
from pki import NOW, Authority, chain_pem, chain_pkcs7, sha256_of_pem_chain


def cache(program, world, command, *arguments):
    return program.command("cache", command, *arguments, "--cache", world.cache)


def files(world):
    return sorted(path.stem for path in world.cache.glob("*.pem"))


@pytest.mark.parametrize("form", ["pem", "der", "pkcs7", "folder"])
def test_every_form_is_imported_and_leaves_are_not(program, world, tmp_path, form):
    path = tmp_path / "given"
    if form == "folder":
        path.mkdir()
        (path / "a.crt").write_text(world.issuing.pem)
        (path / "b.der").write_bytes(world.root.der)
    elif form == "pem":
        path.write_text(chain_pem(world.leaf, world.issuing, world.root))
    elif form == "pkcs7":
        path.write_bytes(chain_pkcs7(world.leaf, world.issuing, world.root))
    else:
        path.write_bytes(world.issuing.der)
    result = cache(program, world, "import", path)
    assert result.returncode == 0, result
    wanted = [world.issuing.sha256] if form == "der" else [world.issuing.sha256, world.root.sha256]
    assert files(world) == sorted(wanted)


def test_what_was_imported_completes_a_chain_offline(program, world, tmp_path):
    path = tmp_path / "issuing.pem"
    path.write_text(world.issuing.pem)
    assert cache(program, world, "import", path).returncode == 0
    result = program.command("mend", world.leaf_alone, *world.check_flags(), "--offline")
    assert result.returncode == 0, result
    assert sha256_of_pem_chain(result.stdout) == world.mended


def test_list_and_show_say_what_is_there(program, world, tmp_path):
    path = tmp_path / "issuing.pem"
    path.write_text(world.issuing.pem)
    cache(program, world, "import", path)
    listed = cache(program, world, "list")
    assert listed.returncode == 0, listed
    assert "Contoso Issuing CA" in listed.stdout
    entries = json.loads(cache(program, world, "list", "--json").stdout)
    assert world.issuing.sha256 in json.dumps(entries)
    for what in (world.issuing.sha256[:16], "Contoso Issuing"):
        shown = cache(program, world, "show", what)
        assert shown.returncode == 0, shown
        assert sha256_of_pem_chain(shown.stdout) == [world.issuing.sha256]
    missing = cache(program, world, "show", "Nobody")
    assert missing.returncode == 1, missing
    assert "Nobody" in missing.stderr


def test_export_is_one_bundle_that_can_be_imported(program, world, tmp_path):
    path = tmp_path / "given.pem"
    path.write_text(chain_pem(world.issuing, world.root))
    cache(program, world, "import", path)
    exported = cache(program, world, "export")
    assert sorted(sha256_of_pem_chain(exported.stdout)) == files(world)
    assert cache(program, world, "export", "-o", "-").stdout == exported.stdout
    path.write_text(exported.stdout)
    other = program.command("cache", "import", path, "--cache", tmp_path / "other")
    assert other.returncode == 0, other
    assert sorted(item.stem for item in (tmp_path / "other").glob("*.pem")) == files(world)


def test_fetch_asks_the_url_under_the_rules(program, world):
    refused = cache(program, world, "fetch", world.url)
    assert refused.returncode == 1, refused
    assert "allow it with --fetch-allow 127.0.0.1\n" in refused.stderr
    assert world.aia.count() == 0
    fetched = cache(program, world, "fetch", world.url, "--fetch-allow", "127.0.0.1")
    assert fetched.returncode == 0, fetched
    assert files(world) == [world.issuing.sha256]


def test_a_fetch_that_finds_the_cache_gone_does_not_blame_the_url(program, world):
    def remove_the_cache(handler, stopping):
        shutil.rmtree(world.cache)
        body(world.issuing.der)(handler, stopping)

    result = cache(program, world, "fetch", world.aia.route("/late", remove_the_cache), "--fetch-allow", "127.0.0.1")
    assert result.returncode == 1, result
    assert str(world.cache) in result.stderr
    assert "no CA certificate came from there" not in result.stderr


def test_verify_sets_aside_what_is_not_what_its_name_says(program, world, tmp_path):
    path = tmp_path / "given.pem"
    path.write_text(chain_pem(world.issuing, world.root))
    cache(program, world, "import", path)
    assert cache(program, world, "verify").returncode == 0
    (world.cache / f"{world.root.sha256}.pem").write_text(world.leaf.pem)
    result = cache(program, world, "verify")
    assert result.returncode == 1, result
    assert world.root.sha256 in result.stderr + result.stdout
    assert files(world) == [world.issuing.sha256]
    assert cache(program, world, "verify").returncode == 0


def test_prune_drops_what_has_expired_and_nothing_else(program, world, tmp_path):
    expired = Authority.root("Expired Root CA", not_after=NOW - datetime.timedelta(days=1))
    path = tmp_path / "given.pem"
    path.write_text(chain_pem(world.issuing, expired))
    assert cache(program, world, "import", path).returncode == 0
    assert expired.sha256 in files(world)
    assert cache(program, world, "prune").returncode == 0
    assert files(world) == [world.issuing.sha256]


@pytest.mark.parametrize("arguments", [["nonsense"], ["list", "surplus"], ["import"], ["show"], ["fetch"],
                                       ["list", "--no-such-option"]], ids=str)
def test_wrong_usage_is_64(program, arguments):
    result = program.command("cache", *arguments)
    assert result.returncode == 64, result
    assert result.stderr.startswith("chainmend: ")


@pytest.mark.parametrize("content", [b"", b"words\n", bytes(range(256)) * 20], ids=["empty", "words", "binary"])
def test_a_file_without_a_certificate_is_told(program, world, tmp_path, content):
    path = tmp_path / "bad.pem"
    path.write_bytes(content)
    result = cache(program, world, "import", path)
    assert result.returncode == 1, result
    assert "bad.pem" in result.stderr
    assert files(world) == []
