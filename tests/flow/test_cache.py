"""The cache on disk: what a fetch leaves there, what is read again, what is never trusted."""

import json
import signal
import threading

from aia_server import after, body
from clients import served_chain
from conftest import NAME
from program import eventually, free_port


def check(program, world, *more):
    result = program.command("check", "--chain", world.leaf_alone, *world.check_flags(), "--json", *more)
    return result, json.loads(result.stdout)


def test_a_fetched_intermediate_is_kept_with_its_origin(program, world):
    check(program, world)
    (entry,) = world.cache.glob("*.pem")
    assert entry.name == f"{world.issuing.sha256}.pem"
    text = entry.read_text()
    head = text.split("-----BEGIN", 1)[0]
    assert f"source: {world.url}" in head
    assert "fetched: 20" in head
    assert world.issuing.pem.strip() in text
    assert [path.name for path in world.cache.iterdir()] == [entry.name], "no temporary file stays"


def test_what_the_cache_has_is_not_fetched_again(program, world):
    check(program, world)
    result, report = check(program, world, "--offline")
    assert result.returncode == 1, result
    assert [one["source"] for one in report["mended"]][1].startswith("cache")
    assert world.aia.count() == 1


def test_a_file_that_is_not_what_its_name_says_is_set_aside(program, world):
    check(program, world)
    (entry,) = world.cache.glob("*.pem")
    other = world.root.issue_authority("Contoso Issuing CA")
    entry.write_text(other.pem)
    result, _ = check(program, world, "--offline")
    assert result.returncode == 2, result
    assert not entry.exists()
    assert entry.with_name(entry.name + ".bad").exists()
    result, _ = check(program, world)
    assert result.returncode == 1, "it is fetched anew"
    assert entry.exists()


def test_a_truncated_file_loses_nothing_but_itself(program, world):
    check(program, world)
    (entry,) = world.cache.glob("*.pem")
    entry.write_bytes(entry.read_bytes()[:200])
    (world.cache / "stranger.txt").write_text("not ours\n")
    result, _ = check(program, world)
    assert result.returncode == 1, result
    assert (world.cache / "stranger.txt").read_text() == "not ours\n"


def test_a_leaf_never_goes_in(program, world):
    check(program, world, "--name", NAME)
    assert not (world.cache / f"{world.leaf.sha256}.pem").exists()


def test_a_cached_root_is_not_trusted_for_being_there(program, world):
    from pki import Authority
    evil = Authority.root("Evil Root CA")
    world.cache.mkdir()
    (world.cache / f"{evil.sha256}.pem").write_text(evil.pem)
    leaf = evil.issue_leaf([NAME])
    result = program.command("check", "--chain", world.chain("evil", leaf), *world.check_flags(), "--json")
    report = json.loads(result.stdout)
    assert result.returncode == 2, result
    assert not report["mended_trusted"]
    assert "untrusted_root" in {finding["code"] for finding in report["findings"]}


def test_a_cache_that_cannot_be_made_is_told_and_harms_nothing(program, world):
    world.cache.write_text("a file stands where the directory should be\n")
    result = program.command("check", "--chain", world.leaf_alone, *world.check_flags(), "--json")
    assert result.returncode == 1, result
    assert "cache" in result.stderr
    assert json.loads(result.stdout)["exit_status"] == 1
    assert world.cache.read_text().startswith("a file stands")


def test_two_sites_share_one_fetch_and_a_third_one_needs_none(program, world):
    """The same URL is asked once at a time, whoever asks; what came is there for later mends without a restart."""
    port, release = free_port(), threading.Event()
    world.aia.route(world.path, after(release, body(world.issuing.der)))
    leaves = {name: world.issuing.issue_leaf([name], aia=[world.url]) for name in ("a.test", "b.test", "c.test")}

    def sites(*names):
        made = {}
        for name in names:
            certificate, key = leaves[name].write(world.folder, name)
            made[name] = {"listen": f"127.0.0.1:{port}", "certificate": certificate, "key": key,
                          "backend": "tcp://127.0.0.1:9"}
        return made

    def is_mended(name):
        return served_chain(port, name) == [leaves[name].sha256, world.issuing.sha256]

    running = program.run(world.settings(), sites("a.test", "b.test"))
    eventually("the URL is asked", lambda: world.aia.count(world.path), also=running.report)
    release.set()
    eventually("both are mended", lambda: is_mended("a.test") and is_mended("b.test"), also=running.report)
    path = program.write(world.settings(), sites("a.test", "b.test", "c.test"))
    path.replace(sorted(program.folder.glob("chainmend-*.ini"))[0])
    running.signal(signal.SIGHUP)
    eventually("so is the third", lambda: is_mended("c.test"), also=running.report)
    assert world.aia.count(world.path) == 1
