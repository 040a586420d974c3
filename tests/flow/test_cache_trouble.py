"""chainmend cache when things go wrong: killed imports, bad sources, a directory that cannot be had."""

import json
import os
import signal
import subprocess
import time

import pytest
from aia_server import body, status
from pki import chain_pem


def cache(program, world, action, *more):
    return program.command("cache", action, *more, "--cache", world.cache)


def listed(program, world):
    return json.loads(cache(program, world, "list", "--json").stdout)["certificates"]


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


def test_what_is_fetched_must_be_a_ca_certificate(program, world):
    for path, behaviour in (("/leaf", body(world.leaf.der)), ("/html", body(b"<html>")), ("/gone", status(404))):
        world.aia.route(path, behaviour)
        result = cache(program, world, "fetch", world.aia.url(path), "--fetch-allow", "127.0.0.1")
        assert result.returncode == 1, result
        assert path in result.stderr
    assert listed(program, world) == []


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


@pytest.mark.parametrize("action", ["list", "show", "import", "export", "fetch", "verify", "prune"])
def test_help(program, action):
    result = program.command("cache", action, "--help")
    assert result.returncode == 0
    assert f"chainmend cache {action}" in result.stdout and "--cache" in result.stdout


def test_a_cache_that_cannot_be_opened(program, world):
    result = program.command("cache", "list", "--cache", world.folder / "a" / "b")
    assert result.returncode == 1 and "--cache" in result.stderr, result
