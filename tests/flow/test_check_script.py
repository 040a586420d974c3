"""scripts/check.sh calls a check good only when it ran: what cannot run, or does not exist, is never passed over."""

import os
import shutil
import subprocess

import pytest
from conftest import ROOT

SCRIPT = ROOT / "scripts" / "check.sh"
NEEDED = ("bash", "env", "basename", "realpath", "git", "awk", "grep", "sed", "mktemp", "rm", "dirname", "xargs",
          "python3", "sort", "find", "nproc")


@pytest.fixture
def check(tmp_path):
    """Runs the script where these programs are, in place of the machine's: name to text of a shell script."""

    def run(*arguments, programs=()):
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in NEEDED:
            (folder / name).symlink_to(shutil.which(name))
        for name, text in dict(programs).items():
            (folder / name).unlink(missing_ok=True)
            (folder / name).write_text(f"#!/bin/bash\n{text}\n")
            (folder / name).chmod(0o755)
        return subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, timeout=300,
                              env={**os.environ, "PATH": str(folder)})

    return run


def results(answer):
    """Name of a check to what is said of it."""
    lines = [line for line in answer.stdout.splitlines() if line and not line.startswith((" ", "could", "found"))]
    return {line.split()[0]: line.split()[1] for line in lines}


def test_a_tool_that_finds_nothing_is_good(check):
    answer = check("format", programs={"clang-format": "exit 0"})
    assert (answer.returncode, results(answer)) == (0, {"format": "good"})


def test_a_tool_that_finds_something_is_told_with_its_words(check):
    answer = check("format", "shell", programs={"clang-format": "echo here; exit 1", "shellcheck": "exit 0"})
    assert (answer.returncode, results(answer)) == (1, {"format": "FOUND", "shell": "good"})
    assert "    here\n" in answer.stdout and answer.stdout.endswith("found something: format\n")


def test_a_tool_that_is_missing_is_no_success(check):
    answer = check("format", "shell", programs={"shellcheck": "exit 0"})
    assert (answer.returncode, results(answer)) == (2, {"format": "NOT", "shell": "good"})
    assert "could not run format: clang-format is not there (apt-get install clang-format)" in answer.stdout


def test_what_was_found_counts_more_than_what_is_missing(check):
    assert check("format", "shell", programs={"shellcheck": "exit 1"}).returncode == 1


def test_a_tool_that_reads_its_input_takes_no_check_away(check):
    greedy = "while read -r _; do :; done"
    answer = check("rooms", "manuals", programs={"python3": greedy, "mandoc": "exit 0", "cmake": "exit 0"})
    assert list(results(answer)) == ["rooms", "manuals"]


@pytest.mark.parametrize("changed", ["", "no/such/file.c"])
def test_clang_tidy_without_a_changed_source_is_not_called_good(check, changed):
    git = f"""case "$*" in
*rev-parse*) exit 0 ;;
*diff*) echo '{changed}' | grep . || true ;;
esac"""
    answer = check("tidy", programs={"clang-tidy": "exit 1", "cmake": "exit 0"} | {"git": git})
    assert (answer.returncode, results(answer)) == (0, {"tidy": "nothing"}), answer.stdout


@pytest.mark.parametrize("arguments", [["no_such"], [".*"], ["f"], [""], ["--no-such"], ["--base"],
                                       ["--base", "no-such-commit"], ["--all", "--base", "HEAD"]], ids=" ".join)
def test_wrong_usage(check, arguments):
    answer = check(*arguments)
    assert (answer.returncode, answer.stdout) == (64, "")
    assert answer.stderr.startswith("check: ")
