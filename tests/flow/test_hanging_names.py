"""The look-up of a name that never comes to its end: what was found out is told all the same, and the program ends."""

import json
import os
import subprocess

import pytest
from conftest import NAME, ROOT
from program import free_port

SOURCE = ROOT / "tests" / "support" / "hanging_names.c"
HANGING = "dc1.hangs.test"


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("preload") / "hanging_names.so"
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-Wall", "-Werror", "-o", path, SOURCE, "-ldl"],
                   check=True, stdin=subprocess.DEVNULL)
    return path


@pytest.fixture
def environment(library):
    return {"LD_PRELOAD": str(library), "ASAN_OPTIONS": os.environ["ASAN_OPTIONS"] + ":verify_asan_link_order=0"}


@pytest.fixture
def hanging(world):
    """A leaf whose issuer is at a URL whose host cannot be looked up."""
    leaf = world.issuing.issue_leaf([NAME], aia=[f"http://{HANGING}/issuing.cer"])
    return world.chain("hanging", leaf)


def test_the_document_of_a_check_is_whole(program, world, environment):
    result = program.command("check", f"{HANGING}:443", "--timeout", "0.2", "--json", *world.check_flags(),
                             environment=environment)
    assert result.returncode == 3, result
    report = json.loads(result.stdout)
    assert report["exit_status"] == 3
    assert "timed out: the name could not be looked up" in report["error"]
    assert "timed out: the name could not be looked up" in result.stderr


def test_every_name_of_a_check_is_told(program, world, environment):
    names = [word for i in range(9) for word in ("--name", f"n{i}.contoso.test")]
    result = program.command("check", f"{HANGING}:443", "--timeout", "0.2", *names, *world.check_flags(),
                             environment=environment)
    assert result.returncode == 3, result
    assert "timed out: the name could not be looked up" in result.stderr


def test_a_chain_whose_issuer_is_behind_such_a_name_is_audited(program, world, environment, hanging):
    result = program.command("check", "--chain", hanging, "--name", NAME, "--json", *world.check_flags(),
                             environment=environment)
    report = json.loads(result.stdout)
    assert report["exit_status"] == result.returncode == 2, result
    assert "fetch_failed" in [finding["code"] for finding in report["findings"]]


def test_a_file_is_mended_as_far_as_it_can_be(program, world, environment, hanging):
    result = program.command("mend", hanging, "--json", *world.check_flags(), environment=environment)
    assert json.loads(result.stdout)["exit_status"] == result.returncode == 2, result


def test_a_fetch_into_the_cache_fails_and_ends(program, world, environment):
    url = f"http://{HANGING}/issuing.cer"
    result = program.command("cache", "fetch", url, "--cache", world.cache, environment=environment)
    assert result.returncode == 1, result
    assert result.stderr.startswith(f"chainmend: cache: {url}: the host name was not resolved"), result


def test_a_proxy_whose_backend_is_such_a_name_stops_when_it_is_told_to(program, world, environment, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    site = {"listen": f"127.0.0.1:{free_port()}", "certificate": world.complete, "key": world.key}
    running = program.run(world.settings(), {
        "tcp": {**site, "hostnames": NAME, "backend": f"tcp://{HANGING}:80"},
        "tls": {**site, "hostnames": "b.contoso.test", "backend": f"tls://{HANGING}:443", "backend_name": NAME},
    })
    running.stop()
    assert "stopped: all connections are closed" in running.stderr
    assert world.fix_log.read_text().endswith("}\n")
