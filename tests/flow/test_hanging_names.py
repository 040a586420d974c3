"""The look-up of a name that is slow, or never comes to its end: what was found out is told all the same, clients await
an answer as long as for a connection, and the program ends."""

import json
import os
import signal
import subprocess
import urllib.request

import pytest
from clients import curl
from conftest import NAME, ROOT
from metrics_text import read_metrics
from program import configuration, free_port
from tls_servers import Server, TlsServer, http_answer

SOURCE = ROOT / "tests" / "support" / "hanging_names.c"
HANGING = "dc1.hangs.test"
SLOW = "dc1.slow.test"
NONE = "dc1.none.test"


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


@pytest.fixture
def preloaded(environment, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def site_of(world, port, backend, **more):
    return {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.complete, "key": world.key,
            "backend": backend, "backend_name": NAME, **more}


def tcp_site_of(world, port, backend, **more):
    site = site_of(world, port, backend, **more)
    del site["backend_name"]
    return site


@pytest.mark.parametrize("protocol", ["tcp", "http"])
@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_a_client_waits_for_the_first_look_up_of_a_start(program, world, preloaded, kind, protocol):
    server = TlsServer(world.complete, world.key, http_answer()) if kind == "tls" else Server(http_answer())
    with server as backend:
        port = free_port()
        site = {"tcp": tcp_site_of, "tls": site_of}[kind](
            world, port, f"{kind}://{SLOW}:{backend.port}", protocol=protocol)
        running = program.run(world.settings(), {"mail": site})
        answer = curl(port, NAME, world.roots, "--fail")
        assert answer.ok, f"{answer}\n{running.report()}"


def test_a_client_waits_for_the_first_look_up_of_a_reload(program, world, preloaded):
    with Server(http_answer()) as backend:
        port = free_port()
        running = program.run(world.settings(), {"mail": tcp_site_of(world, port, f"tcp://127.0.0.1:{backend.port}")})
        said = len(running.stderr)
        (path,) = program.folder.glob("chainmend-*.ini")
        path.write_text(configuration(world.settings(),
                                      {"mail": tcp_site_of(world, port, f"tcp://{SLOW}:{backend.port}")}))
        running.signal(signal.SIGHUP)
        running.wait_for_words("SIGHUP: ", after=said)
        answer = curl(port, NAME, world.roots, "--fail")
        assert answer.ok, f"{answer}\n{running.report()}"


def test_a_client_whose_backend_has_no_address_is_refused_once_that_is_known(program, world, preloaded):
    port = free_port()
    running = program.run(world.settings(), {
        "mail": tcp_site_of(world, port, f"tcp://{NONE}:80", connect_timeout="1h")})
    answer = curl(port, NAME, world.roots)
    assert answer.status in (35, 52, 56), answer  # a failure, no empty answer
    running.wait_for_words("no address of a backend is known")


def test_a_client_waits_for_a_look_up_no_longer_than_for_a_connection(program, world, preloaded):
    """Those of other sites do not wait at all."""
    with Server(http_answer()) as backend:
        ports, admin = [free_port(), free_port()], free_port()
        running = program.run(world.settings(admin=admin), {
            "hangs": tcp_site_of(world, ports[0], f"tcp://{HANGING}:80", connect_timeout="2s"),
            "serves": tcp_site_of(world, ports[1], f"tcp://127.0.0.1:{backend.port}"),
        })
        assert curl(ports[1], NAME, world.roots, "--fail").ok, running.report()
        answer = curl(ports[0], NAME, world.roots)
        assert answer.status in (35, 52, 56), answer
        running.wait_for_words("the name of a backend was not looked up within connect_timeout")
        with urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics") as metrics:
            family = read_metrics(metrics.read().decode())["chainmend_no_backend_total"]
        assert (family.value(site="hangs"), family.value(site="serves")) == (1, 0)


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_a_look_at_a_configuration_with_such_a_name_ends(program, world, environment, kind):
    """It asks for the others all the same."""
    sites = {"hangs": site_of(world, free_port(), f"{kind}://{HANGING}:1"),
             "refuses": site_of(world, free_port(), f"{kind}://127.0.0.1:{free_port()}")}
    if kind == "tcp":
        for site in sites.values():
            del site["backend_name"]
    path = program.write(world.settings(), sites)
    result = program.command("run", "-c", path, "--check-config", environment=environment)
    assert result.returncode == 0, result
    assert f"hangs: backend {kind}://{HANGING}:1: " in result.stderr, result
    assert f"refuses: backend {kind}://127.0.0.1:" in result.stderr, result
    strict = program.command("run", "-c", path, "--check-config", "--strict", environment=environment)
    assert strict.returncode == 1, strict
