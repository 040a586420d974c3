"""chainmend cache when things go wrong: killed imports, bad sources, a directory that cannot be had."""

import json
import os
import random
import shutil
import signal
import subprocess
import time

import pytest
from aia_server import body, status
from pki import chain_pem, new_key


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


def wait_for_files(world, number, processes):
    """Until the cache has that many, temporary ones too, or an import has ended: the kill hits one under way.

    Looks without a pause: on a quick disk an import of hundreds is over within a few milliseconds."""
    deadline = time.monotonic() + 30
    while number > 0 and all(one.poll() is None for one in processes):
        if world.cache.exists() and len(os.listdir(world.cache)) >= number:
            return
        assert time.monotonic() < deadline, f"{number} files in the cache: not within 30 s"


def test_imports_that_are_killed_leave_a_clean_cache(program, world):
    """After a random number of files, thirty times, often two at once: what is there is whole, and stays."""
    dice = random.Random(20260930)
    key = new_key()
    bundle = world.folder / "bundle.pem"
    authorities = [world.root.issue_authority(f"CA {number}", key=key) for number in range(300)]
    bundle.write_text(chain_pem(*authorities))
    whole = {entity.sha256 for entity in authorities}
    before, num_midway, num_killed = set(), 0, 0
    for round_ in range(30):
        processes = [subprocess.Popen([program.binary, "cache", "import", bundle, "--cache", world.cache],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                     for _ in range(2 if round_ % 3 == 0 else 1)]
        wait_for_files(world, dice.choice([0, len(before) + dice.randrange(1, 60)]), processes)
        for process in processes:
            process.kill()
            num_killed += process.wait() == -signal.SIGKILL
        if not world.cache.exists():
            continue
        left = len([path for path in world.cache.iterdir() if path.name.startswith(".")])
        result = cache(program, world, "verify")
        assert result.returncode == 0 and result.stderr == "", result
        assert not [path for path in world.cache.iterdir() if not path.name.endswith(".pem") or path.name[0] == "."]
        there = {one["sha256"] for one in listed(program, world)}
        assert before <= there <= whole, "nothing that was there is lost, and nothing else is there"
        before = there
        num_midway += left > 0 or 0 < len(there) < len(whole)
        if there == whole:
            shutil.rmtree(world.cache)
            before = set()
    assert num_killed > 10 and num_midway > 3, "the kills have to hit imports under way"
    assert cache(program, world, "import", bundle).returncode == 0
    assert {one["sha256"] for one in listed(program, world)} == whole


@pytest.mark.parametrize("action", ["list", "show", "import", "export", "fetch", "verify", "prune"])
def test_help(program, action):
    result = program.command("cache", action, "--help")
    assert result.returncode == 0
    assert f"chainmend cache {action}" in result.stdout and "--cache" in result.stdout


def test_a_cache_that_cannot_be_opened(program, world):
    result = program.command("cache", "list", "--cache", world.folder / "a" / "b")
    assert result.returncode == 1 and "--cache" in result.stderr, result
