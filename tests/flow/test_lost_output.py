"""Fails when its output is lost: a full disk, a closed descriptor, a reader that went away."""

import json
import os
import subprocess

import pytest
from conftest import NAME
from program import SANITIZER_MARKS

COMMANDS = {
    "check": ["check", "--chain", "{complete}"],
    "check --json": ["check", "--chain", "{complete}", "--json"],
    "mend": ["mend", "{complete}"],
    "mend --json": ["mend", "{complete}", "--json"],
    "cache list": ["cache", "list"],
    "cache export": ["cache", "export"],
    "--version": ["--version"],
}


def run(binary, world, command, **streams):
    arguments = [word.format(complete=world.complete) for word in COMMANDS[command]]
    if arguments[0] in ("check", "mend"):
        arguments += ["--offline", *world.check_flags(), "--name", NAME]
    elif arguments[0] == "cache":
        arguments += ["--cache", str(world.cache)]
    world.cache.mkdir(exist_ok=True)
    (world.cache / f"{world.issuing.sha256}.pem").write_text(world.issuing.pem)
    result = subprocess.run([binary, *arguments], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            timeout=60, check=False, **streams)
    assert not any(mark in result.stderr for mark in SANITIZER_MARKS), result.stderr
    return result


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_an_error(binary, world, command):
    with open("/dev/full", "w") as full:
        result = run(binary, world, command, stdout=full)
    assert result.returncode == (3 if command.startswith(("check", "mend")) else 1), result
    assert result.stderr.startswith("chainmend: standard output: "), result


def close_all(*descriptors):
    """To be run in the child: these are closed, as `>&-` does it."""
    def close():
        for descriptor in descriptors:
            os.close(descriptor)
    return close


@pytest.mark.parametrize("command", ["check", "mend --json", "cache list"])
def test_a_closed_descriptor_is_an_error_and_not_an_abort(binary, world, command):
    result = run(binary, world, command, preexec_fn=close_all(1))
    assert result.returncode == (1 if command == "cache list" else 3), result
    assert "standard output" in result.stderr


def test_no_descriptor_at_all(binary, world):
    result = run(binary, world, "mend", preexec_fn=close_all(0, 1, 2))
    assert result.returncode == 3, result


def test_standard_input_that_is_closed_is_no_file(binary, world):
    result = subprocess.run([binary, "check", "--chain", "-", "--offline", *world.check_flags()],
                            preexec_fn=close_all(0), capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 3, result
    assert result.stderr.startswith("chainmend: -: "), result


def test_a_reader_that_went_away_does_not_change_the_verdict(binary, world):
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as pipe:
        result = run(binary, world, "check", stdout=pipe)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [
    ["check", "--chain", "/nowhere.pem"], ["check", "--chain", "{complete}", "--roots", "/nowhere.pem"],
    ["mend", "/nowhere.pem"], ["mend", "{complete}", "--key", "/nowhere.pem"], ["check", "127.0.0.1:1"],
], ids=" ".join)
def test_a_document_comes_even_where_nothing_could_be_checked(program, world, arguments):
    arguments = [word.format(complete=world.complete) for word in arguments]
    result = program.command(*arguments, "--json", "--offline")
    assert result.returncode == 3, result
    assert result.stderr.startswith("chainmend: ") and result.stderr.count("\n") == 1
    report = json.loads(result.stdout)
    assert report["exit_status"] == 3 and report["error"] and report["target"]
    for key in ("names", "served", "mended", "stores", "findings"):
        assert report[key] == []
    assert (report["served_trusted"], report["mended_trusted"]) == (False, False)
