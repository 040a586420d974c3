"""log: the fix log for a person, or the lines that one asks for."""

import fcntl
import gzip
import json
import os
import pty
import re
import struct
import subprocess
import termios
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
    return json.loads(result.stdout)["lines"]


def summary(program, *arguments):
    result = program.command("log", *arguments, "--summary", "--json")
    assert result.returncode == 0, result
    return json.loads(result.stdout)


def write(path, *entries):
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return path


def test_a_person_gets_a_table(program, fix_log):
    result = program.command("log", fix_log)
    assert result.returncode == 0, result
    for words in ("TIME (UTC)", "2026-11-20 10:00:00  fixed     mail      missing_intermediate",
                  "The intermediate was added.", "after: 2 certificates: CN=a <- CN=Issuing", "resolved", "shop"):
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


def test_what_is_no_finding_is_told_by_its_line_and_passed_over(program, fix_log):
    fix_log.write_text("rubbish\n[1]\n{\n" + fix_log.read_text() + '{"time": "2026-11-20T13:00:00.000Z", "si')
    result = program.command("log", fix_log, "--json")
    assert json.loads(result.stdout) == {"lines": LINES, "passed_over": 4}
    for number, why in ((1, "no finding"), (2, "no finding"), (3, "breaks off"), (7, "breaks off")):
        assert re.search(rf"fixes.jsonl: line {number} is passed over: .*{why}", result.stderr), result.stderr


def test_of_many_foreign_lines_some_are_told_and_the_rest_is_counted(program, fix_log):
    fix_log.write_text("chainmend: something else\n" * 100)
    result = program.command("log", fix_log)
    assert result.returncode == 0 and result.stdout == ""
    assert result.stderr.count("is passed over") == 5
    assert "95 more lines are passed over" in result.stderr


def test_a_weight_before_the_line_is_fine(program, fix_log):
    """As the journal has a line that came by stderr, and `journalctl -o cat` does not show it."""
    fix_log.write_text("".join("<4>" + line + "\n" for line in fix_log.read_text().splitlines()))
    assert lines(program, fix_log) == LINES


def test_what_logrotate_has_compressed_is_read(program, fix_log):
    packed = fix_log.with_suffix(".jsonl.1.gz")
    halves = [gzip.compress((json.dumps(line) + "\n").encode()) for line in LINES]
    packed.write_bytes(b"".join(halves))
    assert lines(program, packed) == LINES
    with open(packed, "rb") as piped:
        result = subprocess.run([str(program.binary), "log", "-", "--json"], stdin=piped, capture_output=True,
                                check=True)
    assert json.loads(result.stdout)["lines"] == LINES
    packed.write_bytes(halves[0] + halves[1][:-12])
    result = program.command("log", packed, "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout)["lines"][0] == LINES[0]
    assert "cut short" in result.stderr
    packed.write_bytes(halves[0][:10] + b"\xff" * 50)
    assert "broken" in program.command("log", packed).stderr


def test_repeats_are_one_row(program, tmp_path):
    again = [{**LINES[1], "time": f"2026-11-20T11:{minute:02}:00.000Z"} for minute in range(30)]
    path = write(tmp_path / "fixes.jsonl", LINES[0], *again, LINES[2])
    said = program.command("log", path).stdout
    assert said.count("Nobody is there.") == 1
    assert re.search("2026-11-20 11:29:00  warning   mail      backend_unreachable [x\u00d7]30\n", said)


@pytest.mark.parametrize("columns", [40, 64, 80, 100, 120])
def test_the_table_fits_the_terminal(program, tmp_path, columns):
    entries = [{**LINES[0], "site": "a-site-with-a-name-that-is-much-longer-than-any-column-of-a-table-should-be"},
               {**LINES[0], "site": "\u00fc" * 60, "message": "words " * 60}, *LINES]
    path = write(tmp_path / "fixes.jsonl", *entries)
    said = program.command("log", path, environment={"COLUMNS": str(columns), "LC_ALL": "C.UTF-8"}).stdout
    assert [line for line in said.splitlines() if len(line) > columns] == []


def on_a_terminal(program, path, **environment):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 90, 0, 0))
    process = subprocess.Popen([str(program.binary), "log", str(path)], stdout=theirs, stderr=subprocess.DEVNULL,
                               env={**os.environ, "TERM": "xterm", **environment})
    os.close(theirs)
    said = b""
    try:
        while came := os.read(ours, 65536):
            said += came
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    assert process.wait(30) == 0
    return said.decode()


def test_colours_are_for_a_terminal_and_not_for_who_wants_none(program, fix_log):
    assert "\x1b[36mfixed" in on_a_terminal(program, fix_log)
    assert "\x1b[33mwarning" in on_a_terminal(program, fix_log)
    assert "\x1b[" not in on_a_terminal(program, fix_log, NO_COLOR="1")


def test_a_hostile_line_gives_no_order_to_the_terminal(program, tmp_path):
    path = write(tmp_path / "fixes.jsonl", {**LINES[0], "site": "a\x1b[31m", "message": "b\x1b]0;x\x07\u202e"})
    assert not set(program.command("log", path).stdout) & set("\x1b\x07\u202e")


def finding(time, event, site, code, severity, run="2026-11-20T10:00:00.000Z", **more):
    return {"time": f"2026-11-20T{time}.000Z", "event": event, "site": site, "subject_of": "certificate", "part": 0,
            "run": run, "code": code, "severity": severity, "action": "none", "message": f"About {code}.",
            "advice": f"Mend {code}.", **more}


def test_a_summary_by_site_in_order_of_weight(program, tmp_path):
    path = write(
        tmp_path / "fixes.jsonl",
        finding("10:00:00", "appeared", "mail", "leaf_expires_soon", "warning"),
        finding("10:01:00", "appeared", "mail", "name_not_covered", "error", name="a.test"),
        finding("10:02:00", "appeared", "mail", "missing_intermediate", "fixed"),
        finding("10:03:00", "appeared", "mail", "root_included", "info"),
        finding("10:04:00", "appeared", "mail", "client_rejected", "warning", subject_of="clients", rejections=[
            {"certificate": 0, "verdict": "steady", "present": {"since": "2026-11-20T10:02:00.000Z", "handshakes": 500,
                                                                "rejected": 1},
             "former": {"since": "2026-11-20T09:00:00.000Z", "handshakes": 40, "rejected": 12}}]),
        finding("10:05:00", "appeared", "shop", "wrong_order", "fixed"),
        finding("10:06:00", "resolved", "shop", "wrong_order", "fixed"),
        finding("10:07:00", "appeared", "web", "backend_unreachable", "warning"))
    document = summary(program, path)
    assert [site["site"] for site in document["sites"]] == ["mail", "web", "shop"]
    mail, web, shop = document["sites"]
    assert mail["open"] == {"error": 1, "fixed": 1, "warning": 2, "info": 1}
    assert [one["code"] for one in mail["next"]] == ["name_not_covered", "client_rejected", "missing_intermediate",
                                                     "leaf_expires_soon", "root_included"]
    assert mail["rejections"][0]["former"]["rejected"] == 12
    assert (shop["resolved"], shop["next"], web["resolved"]) == (1, [], 0)
    assert (document["lines"], document["passed_over"]) == (8, 0)
    said = program.command("log", path, "--summary").stdout
    assert re.search(r"1\. error  name_not_covered.*2\. warning  client_rejected.*3\. fixed  missing_intermediate",
                     said, re.DOTALL)
    assert ("Clients rejected 12 of 40 handshakes before the chain was changed (2026-11-20 10:02), "
            "and 1 of 500 since.") in " ".join(said.split())
    assert "Mend name_not_covered." in said
    assert [site["site"] for site in summary(program, path, "--site", "web")["sites"]] == ["web"]


def test_rejections_of_two_certificates_are_told_apart(program, tmp_path):
    present = {"since": "2026-11-20T10:02:00.000Z", "handshakes": 500, "rejected": 1}
    path = write(tmp_path / "fixes.jsonl",
                 finding("10:04:00", "appeared", "mail", "client_rejected", "warning", subject_of="clients",
                         rejections=[{"certificate": 0, "verdict": "steady", "present": present},
                                     {"certificate": 1, "verdict": "steady", "present": {**present, "rejected": 7}}]))
    said = " ".join(program.command("log", path, "--summary").stdout.split())
    assert "Certificate 0: Clients rejected 1 of 500 handshakes" in said
    assert "Certificate 1: Clients rejected 7 of 500 handshakes" in said


def test_an_advice_that_several_share_stands_once(program, tmp_path):
    lines = [finding(f"10:0{i}:00", "appeared", "mail", "name_not_covered", "error", name=f"{i}.test")
             for i in range(3)]
    path = write(tmp_path / "fixes.jsonl", *lines)
    assert program.command("log", path, "--summary").stdout.count("Mend name_not_covered.") == 1
    path = write(path, *lines[:2], {**lines[2], "advice": "Another one."})
    said = program.command("log", path, "--summary").stdout
    assert said.count("Mend name_not_covered.") == 1 and said.count("Another one.") == 1


def test_what_a_later_run_does_not_tell_again_is_gone(program, tmp_path):
    """Unless the two ran at the same time, as on two machines."""
    late = "2026-11-20T12:00:00.000Z"
    first = [finding("10:00:00", "appeared", "mail", "wrong_order", "fixed"),
             finding("10:00:01", "appeared", "mail", "leaf_expires_soon", "warning")]
    path = write(tmp_path / "fixes.jsonl", *first,
                 finding("12:00:00", "appeared", "mail", "leaf_expires_soon", "warning", run=late))
    site = summary(program, path)["sites"][0]
    assert [one["code"] for one in site["next"]] == ["leaf_expires_soon"]
    assert (site["not_seen_again"], site["resolved"]) == (1, 0)
    assert site["next"][0]["first_time"] == "2026-11-20T10:00:01.000Z"
    path = write(path, *first, finding("12:00:00", "appeared", "mail", "leaf_expires_soon", "warning", run=late),
                 finding("12:00:05", "changed", "mail", "wrong_order", "fixed"))
    assert summary(program, path)["sites"][0]["not_seen_again"] == 0


def test_a_row_says_what_it_is_about(program, tmp_path):
    """The same missing intermediate is the certificate's business and the backend's: one row for both."""
    path = write(tmp_path / "fixes.jsonl", finding("10:00:00", "appeared", "mail", "missing_intermediate", "fixed"),
                 finding("10:00:00", "appeared", "mail", "missing_intermediate", "fixed", subject_of="backend"),
                 finding("10:00:00", "appeared", "mail", "sni_not_covered", "warning", subject_of="clients"))
    said = program.command("log", path).stdout
    assert said.count("About missing_intermediate.") == 1 and said.count("on the backend: the same") == 1
    said = program.command("log", path, "--summary").stdout
    assert said.count("Here and on the backend: About missing_intermediate.") == 1, said
    assert said.count("About missing_intermediate.") == 1 and "1 fixed" in " ".join(said.split())
    (told,) = [one for one in summary(program, path)["sites"][0]["next"] if one["code"] == "missing_intermediate"]
    assert (told["subject_of"], told["on_both_sides"]) == ("certificate", True)
    program.command("log", path, "--report", tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text().count("About missing_intermediate.") == 1


def test_what_is_told_of_one_side_alone_stays_its_own(program, tmp_path):
    """Another message, another certificate, or gone on one side: two facts."""
    def two(**of_backend):
        return [finding("10:00:00", "appeared", "mail", "missing_intermediate", "fixed"),
                {**finding("10:00:00", "appeared", "mail", "missing_intermediate", "fixed", subject_of="backend"),
                 **of_backend}]
    for lines in (two(message="Another."), two(certificate={"sha256": "ab"}), two(event="resolved"), two()[1:]):
        said = program.command("log", write(tmp_path / "fixes.jsonl", *lines), "--summary").stdout
        assert "Here and on the backend" not in said, said


def test_what_is_asked_for_says_nothing_about_when_it_ended(program, tmp_path):
    """A later run told of another site, and not of this one: whoever asks for this one alone must learn that, too."""
    path = write(tmp_path / "fixes.jsonl", finding("10:00:00", "appeared", "mail", "wrong_order", "fixed"),
                 finding("12:00:00", "appeared", "shop", "wrong_order", "fixed", run="2026-11-20T12:00:00.000Z"))
    mail = summary(program, path, "--site", "mail")["sites"][0]
    assert (mail["not_seen_again"], mail["next"]) == (1, [])
    then = summary(program, path, "--site", "mail", "--until", "2026-11-20T11:00:00Z")["sites"][0]
    assert (then["not_seen_again"], len(then["next"])) == (0, 1)  # at that time it was still open


@pytest.mark.parametrize("verdict, former, wanted", [
    ("rolled_back", {"since": "2026-11-20T09:30:00.000Z", "handshakes": 40, "rejected": 12},
     "Clients rejected 12 of 40 handshakes with the chain that went out from 2026-11-20 09:30 and was withdrawn, "
     "and 1 of 500 with the one before it, which goes out again."),
    ("steady", {"since": "2026-11-20T09:30:00.000Z", "handshakes": 0, "rejected": 0},
     "Clients rejected 1 of 500 handshakes since 2026-11-20 08:00."),
])
def test_what_clients_make_of_it_in_words(program, tmp_path, verdict, former, wanted):
    path = write(tmp_path / "fixes.jsonl", finding(
        "10:04:00", "appeared", "mail", "client_rejected", "warning", subject_of="clients", rejections=[
            {"certificate": 0, "verdict": verdict, "former": former,
             "present": {"since": "2026-11-20T08:00:00.000Z", "handshakes": 500, "rejected": 1}}]))
    assert wanted in " ".join(program.command("log", path, "--summary").stdout.split())


def test_a_summary_of_nothing(program, tmp_path):
    path = write(tmp_path / "fixes.jsonl")
    assert summary(program, path) == {"lines": 0, "passed_over": 0, "sites": []}
    assert "no finding" in program.command("log", path, "--summary").stdout


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
    (["--no-such-option"], 64), (["x", "--summary", "--follow"], 64), (["x", "--report", "x.html", "--json"], 64),
    (["x", "--report", "x.html", "--follow"], 64), (["x", "--cache", "/c"], 64),
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
        more = [{**LINES[0], "code": code} for code in ("leaf_expired", "wrong_order", "self_signed", "weak_key")]
        with open(fix_log, "a") as log:
            text = json.dumps(more[0])
            log.write(text[:40])
            log.flush()
            log.write(text[40:] + "\n")
        assert json.loads(process.stdout.readline()) == more[0]
        with open(fix_log, "a") as log:  # what came last into the former file is not lost
            fix_log.rename(fix_log.with_suffix(".1"))
            log.write(json.dumps(more[1]) + "\n")
        fix_log.write_text(json.dumps(more[2]) + "\n")
        assert [json.loads(process.stdout.readline()) for _ in range(2)] == more[1:3]
        os.truncate(fix_log, 0)  # copytruncate
        eventually("a line of the file that was cut", lambda: fix_log.stat().st_size == 0)
        time.sleep(0.5)
        with open(fix_log, "a") as log:
            log.write(json.dumps(more[3]) + "\n")
        assert json.loads(process.stdout.readline()) == more[3]
    finally:
        process.terminate()
        process.stdout.close()
        process.wait(30)
    eventually("the end", lambda: process.poll() is not None)
