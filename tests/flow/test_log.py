"""log: the fix log for a person, or the lines that one asks for."""

import json
import subprocess
import time

import pytest
from program import eventually

LINES = [
    {"time": "2026-11-20T10:00:00.000Z", "event": "appeared", "site": "mail", "subject_of": "certificate",
     "code": "missing_intermediate", "severity": "fixed", "action": "added", "message": "The intermediate was added.",
     "advice": "Add it.", "before": [{"subject": "CN=a", "sha256": "00", "source": "file"}],
     "after": [{"subject": "CN=a", "sha256": "00", "source": "file"},
               {"subject": "CN=Issuing", "sha256": "01", "source": "fetched"}]},
    {"time": "2026-11-20T11:00:00.000Z", "event": "appeared", "site": "mail", "subject_of": "backend",
     "code": "backend_unreachable", "severity": "warning", "action": "none", "message": "Nobody is there.",
     "advice": "Start it."},
    {"time": "2026-11-20T12:00:00.000Z", "event": "resolved", "site": "shop", "subject_of": "backend",
     "code": "backend_unreachable", "severity": "warning", "action": "none", "message": "It is back.", "advice": ""},
]


@pytest.fixture
def fix_log(tmp_path):
    path = tmp_path / "fixes.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    return path


def lines(program, *arguments, **more):
    result = program.command("log", *arguments, "--json", **more)
    assert result.returncode == 0, result
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_person_gets_a_table(program, fix_log):
    result = program.command("log", fix_log)
    assert result.returncode == 0, result
    for words in ("fixed", "missing_intermediate", "mail (certificate)", "The intermediate was added.",
                  "after:  2 certificates: CN=a <- CN=Issuing", "resolved", "shop"):
        assert words in result.stdout
    assert "\x1b[" not in result.stdout
    assert result.stderr == ""


def test_json_gives_the_lines_as_they_stand(program, fix_log):
    assert lines(program, fix_log) == LINES
    assert lines(program, "-", input_text=fix_log.read_text()) == LINES


@pytest.mark.parametrize("arguments, wanted", [
    (["--site", "shop"], [2]), (["--code", "missing_intermediate"], [0]), (["--severity", "warning"], [1, 2]),
    (["--since", "2026-11-20T11:00:00Z"], [1, 2]), (["--until", "2026-11-20T11:00:00Z"], [0, 1]),
    (["--since", "2026-11-20T10:30:00Z", "--until", "2026-11-20T13:30:00+02:00", "--site", "mail"], [1]),
    (["--since", "2026-11-21"], []), (["--site", "nobody"], []),
])
def test_filters(program, fix_log, arguments, wanted):
    assert lines(program, fix_log, *arguments) == [LINES[index] for index in wanted]


def test_since_may_be_a_time_before_now(program, tmp_path):
    path = tmp_path / "fixes.jsonl"
    now = time.time()
    moments = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - ago)) for ago in (3 * 86400, 60)]
    path.write_text("".join(json.dumps({**LINES[0], "time": moment}) + "\n" for moment in moments))
    assert [line["time"] for line in lines(program, path, "--since", "2h")] == moments[1:]
    assert [line["time"] for line in lines(program, path, "--until", "1d")] == moments[:1]


def test_what_is_no_finding_is_passed_over_and_counted(program, fix_log):
    fix_log.write_text("rubbish\n[1]\n{\n" + fix_log.read_text() + '{"half": ')
    result = program.command("log", fix_log, "--json")
    assert [json.loads(line) for line in result.stdout.splitlines()] == LINES
    assert "4 lines are no JSON object" in result.stderr


def test_without_a_file_the_configuration_names_it(program, world, fix_log):
    site = {"listen": 443, "certificate": "/c.pem", "backend": "tcp://127.0.0.1:1"}
    config = program.write({"fix_log": fix_log}, {"a": site})
    assert lines(program, "-c", config) == LINES
    result = program.command("log", "-c", program.write({}, {"a": site}))
    assert result.returncode == 1
    assert "stderr" in result.stderr and "journalctl" in result.stderr
    result = program.command("log", "-c", "/no/such.ini")
    assert result.returncode == 1
    assert "/no/such.ini" in result.stderr


@pytest.mark.parametrize("arguments, status", [
    (["/no/such/log"], 1), (["a", "b"], 64), (["--severity", "loud"], 64), (["--since", "soon"], 64),
    (["--no-such-option"], 64), (["--summary"], 64), (["--report", "x.html"], 64),
])
def test_wrong_usage_and_missing_files(program, arguments, status):
    result = program.command("log", *arguments)
    assert result.returncode == status, result
    assert result.stderr.startswith("chainmend: ")
    assert result.stdout == ""


def test_follow_shows_what_comes_and_goes_over_a_rotation(program, fix_log):
    process = subprocess.Popen([str(program.binary), "log", str(fix_log), "--follow", "--json"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        assert [json.loads(process.stdout.readline()) for _ in LINES] == LINES
        with open(fix_log, "a") as log:
            log.write('{"code": "one')
            log.flush()
            log.write('_more"}\n')
        assert json.loads(process.stdout.readline()) == {"code": "one_more"}
        fix_log.rename(fix_log.with_suffix(".1"))
        fix_log.write_text('{"code": "new_file"}\n')
        assert json.loads(process.stdout.readline()) == {"code": "new_file"}
    finally:
        process.terminate()
        process.stdout.close()
        process.wait(30)
    eventually("the end", lambda: process.poll() is not None)
