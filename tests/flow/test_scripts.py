"""The scripts for developers read all their options first: after --help or a wrong option nothing else is done."""

import os
import shutil
import subprocess

import pytest
from conftest import ROOT

BASE = ("bash", "env", "awk", "basename", "cut", "dirname", "git", "grep", "realpath", "sed", "sha256sum", "tr")
FORBIDDEN = ("apt-get", "cmake", "clang", "ctest", "curl", "debootstrap", "dpkg-query", "flock", "install", "mkdir",
             "mktemp", "npm", "openssl", "python3", "rm", "setsid", "sudo", "tee")
SCRIPTS = ("bench/compare.sh", "bench/cost.sh", "docker/test-image.sh", "scripts/check.sh",
           "scripts/cross-check.py", "scripts/demo-pki.sh", "scripts/demo.sh", "scripts/draw-house.py",
           "scripts/fuzz.sh", "scripts/install-deps.sh", "scripts/rooms.py", "scripts/test-bare.sh",
           "scripts/test.sh", "scripts/torture.sh", "scripts/unpack-servers.sh")
WRONG = [(script, ["--no-such"]) for script in SCRIPTS] + [
    ("bench/compare.sh", ["--build"]), ("bench/compare.sh", ["--build", "/no/such"]),
    ("bench/compare.sh", ["--only", "nothing"]), ("bench/compare.sh", ["--peers", "apache"]),
    ("bench/compare.sh", ["--table", "/no/such"]), ("bench/cost.sh", ["nothing"]),
    ("bench/cost.sh", ["--quick", "--build", "/no/such"]), ("docker/test-image.sh", ["one", "two"]),
    ("scripts/demo-pki.sh", ["/no/such", "name", "url"]), ("scripts/demo-pki.sh", []),
    ("scripts/demo.sh", ["--keep", "--no-such"]), ("scripts/demo.sh", [""]),
    ("scripts/fuzz.sh", ["--boringssl"]), ("scripts/fuzz.sh", ["--boringssl", "/no/such"]),
    ("scripts/fuzz.sh", ["--seconds", "0"]), ("scripts/fuzz.sh", ["no_such"]),
    ("scripts/install-deps.sh", ["--demo", "--bench"]), ("scripts/test-bare.sh", ["--run"]),
    ("scripts/test.sh", ["--boringssl", "/no/such"]), ("scripts/test.sh", ["-k"]),
    ("scripts/torture.sh", ["many"]), ("scripts/torture.sh", ["1", "2", "3"]),
    ("scripts/unpack-servers.sh", ["--list", "more"])]


@pytest.fixture
def run(tmp_path):
    """Runs a script from a folder of its own, and fails when it calls a program that would change something."""
    programs, calls = tmp_path / "bin", tmp_path / "calls"
    programs.mkdir()
    for name in BASE:
        (programs / name).symlink_to(shutil.which(name))
    for name in FORBIDDEN:
        (programs / name).write_text(f"#!/bin/bash\necho {name} >>{calls}\nexit 1\n")
        (programs / name).chmod(0o755)

    def run(script, *arguments):
        interpreter = ["/usr/bin/python3"] if script.endswith(".py") else []
        path = os.path.relpath(ROOT / script, tmp_path)
        answer = subprocess.run([*interpreter, path, *arguments], capture_output=True, text=True, timeout=60,
                                cwd=tmp_path, env={**os.environ, "PATH": str(programs)})
        assert not calls.exists(), f"{script} {arguments}: called {calls.read_text()}"
        return answer

    return run


def test_every_script_is_looked_at():
    scripts = {str(path.relative_to(ROOT)) for folder in ("bench", "docker", "scripts")
               for path in (ROOT / folder).iterdir() if path.suffix in (".sh", ".py")}
    assert scripts - {"scripts/options.sh"} == set(SCRIPTS)


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_says_how_to_call_it_and_does_nothing(run, script, flag):
    answer = run(script, flag)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert script in answer.stdout or f"usage: {script.split('/')[1]}" in answer.stdout


@pytest.mark.parametrize("script, arguments", WRONG)
def test_wrong_usage_ends_with_64_and_does_nothing(run, script, arguments):
    answer = run(script, *arguments)
    name = script.split("/")[1].rsplit(".", 1)[0]
    assert (answer.returncode, answer.stdout) == (64, "")
    lines = [line for line in answer.stderr.splitlines() if not line.startswith(("usage:", " "))]
    assert len(lines) == 1 and lines[0].startswith(f"{name}: ") and lines[0].endswith(f"; see {script} --help")
