"""log: the fix log for a person, filtered, followed, or as it stands."""

import json
import os
import subprocess

import pytest
from program import eventually

LINES = [
    {"time": "2026-01-01T10:00:00.000Z", "site": "mail", "code": "missing_intermediate", "severity": "fixed"},
    {"time": "2026-02-01T10:00:00.000Z", "site": "mail", "code": "leaf_expires_soon", "severity": "warning"},
    {"time": "2026-03-01T10:00:00.000Z", "site": "owa", "code": "name_not_covered", "severity": "error"},
]


def line(**fields):
    return json.dumps({"event": "appeared", "subject_of": "certificate", "action": "none", "message": "Some words.",
                       "advice": "Some advice.", **fields})


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "fixes.jsonl"
    path.write_text("".join(line(**fields) + "\n" for fields in LINES))
    return path


def codes(result):
    return [json.loads(text)["code"] for text in result.stdout.splitlines()]


def test_a_person_gets_each_line_in_words(program, log):
    result = program.command("log", log)
    assert result.returncode == 0, result
    for fields in LINES:
        assert fields["code"] in result.stdout
        assert fields["severity"] in result.stdout
    assert "Some words." in result.stdout
    assert "\x1b[" not in result.stdout


@pytest.mark.parametrize("arguments, wanted", [
    ([], [0, 1, 2]), (["--site", "mail"], [0, 1]), (["--code", "name_not_covered"], [2]),
    (["--severity", "warning"], [1]), (["--since", "2026-02-01T00:00:00Z"], [1, 2]), (["--until", "2026-01-31"], [0]),
    (["--since", "2026-01-15", "--until", "2026-02-15"], [1]), (["--site", "nobody"], []),
], ids=str)
def test_the_filters_pick_lines(program, log, arguments, wanted):
    result = program.command("log", log, "--json", *arguments)
    assert result.returncode == 0, result
    assert codes(result) == [LINES[index]["code"] for index in wanted]


def test_the_json_is_the_line_as_it_stands(program, log):
    assert program.command("log", log, "--json").stdout == log.read_text()


def test_standard_input_is_read(program, log):
    result = program.command("log", "-", "--json", input_text=log.read_text())
    assert codes(result) == [fields["code"] for fields in LINES]


def test_a_line_that_is_none_is_told_and_passed_over(program, log):
    with log.open("ab") as file:
        file.write(b"half a li\n\xff\xfe\0\n[]\n" + b"x" * 200_000 + b"\n" + line(**LINES[0]).encode() + b"\n")
    result = program.command("log", log, "--json")
    assert [code for code in codes(result)] == [fields["code"] for fields in LINES] + [LINES[0]["code"]]
    assert result.stderr.startswith("chainmend: ")


def test_what_an_attacker_put_into_a_name_does_not_reach_the_terminal(program, log):
    log.write_text(line(**{**LINES[0], "message": "\x1b]0;owned\x07\x1b[2J"}) + "\n")
    result = program.command("log", log)
    assert result.returncode == 0, result
    assert "\x1b" not in result.stdout and "\x07" not in result.stdout


def test_following_shows_what_is_still_to_come_after_a_rotation_too(program, log, tmp_path):
    shown = tmp_path / "shown"
    with shown.open("wb") as out:
        process = subprocess.Popen([str(program.binary), "log", str(log), "--follow", "--json"], stdout=out,
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        eventually("the lines so far", lambda: shown.read_text().count("\n") == 3)
        with log.open("a") as file:
            file.write(line(**{**LINES[0], "site": "later"}) + "\n")
        eventually("the next line", lambda: "later" in shown.read_text())
        os.rename(log, tmp_path / "fixes.jsonl.1")
        log.write_text(line(**{**LINES[0], "site": "rotated"}) + "\n")
        eventually("the line of the new file", lambda: "rotated" in shown.read_text())
    finally:
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert b"Sanitizer" not in said, said


@pytest.mark.parametrize("arguments", [["a", "b"], ["--since", "soon"], ["--severity", "loud"],
                                       ["--no-such-option"]], ids=str)
def test_wrong_usage_is_64(program, arguments):
    result = program.command("log", *arguments)
    assert result.returncode == 64, result
    assert result.stderr.startswith("chainmend: ")


def test_a_log_that_is_not_there_is_told(program, tmp_path):
    result = program.command("log", tmp_path / "none.jsonl")
    assert result.returncode == 1, result
    assert "none.jsonl" in result.stderr
