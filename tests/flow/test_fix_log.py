"""The fix log: what a line holds, when one is written, and when none is."""

import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys

import fix_log_schema
import pytest
from conftest import NAME
from clients import served_chain
from namespaces import mount_namespace
from pki import DAY, NOW
from program import eventually, free_port
from tls_servers import Server


LOGROTATE = shutil.which("logrotate", path=f"{os.environ['PATH']}:/usr/sbin")


def site(world, port, backend_port, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.leaf_alone,
                     "key": world.key, "backend": f"tcp://127.0.0.1:{backend_port}", **more}}


def test_a_fix_has_its_time_its_words_and_the_chains_before_and_after(program, world):
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        fix = running.wait_for_fix("missing_intermediate")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", fix["time"])
    assert (fix["site"], fix["subject_of"], fix["severity"], fix["action"]) == ("mail", "certificate", "fixed", "added")
    assert "Contoso Issuing CA" in fix["message"]
    assert fix["advice"]
    for key, digests in (("before", [world.leaf.sha256]), ("after", world.mended)):
        assert [one["sha256"].replace(":", "").lower() for one in fix[key]] == digests
        assert all(one["subject"] and one["source"] for one in fix[key])
    assert world.url in str(fix["after"][1]["source"]) + str(fix.get("url")) + str(fix.get("source"))


def test_nothing_is_said_twice_and_what_goes_away_is_resolved(program, world, tmp_path):
    port = free_port()
    certificate, key = world.leaf.write(tmp_path, "given")
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port, certificate=certificate, key=key))
        running.wait_for_fix("missing_intermediate")
        for _ in range(3):
            running.signal(signal.SIGHUP)
            eventually("still serving", lambda: served_chain(port, NAME) == world.mended)
        assert len([line for line in running.fixes() if line["code"] == "missing_intermediate"]) == 1
        certificate.write_text(world.leaf.pem + world.issuing.pem)
        running.signal(signal.SIGHUP)
        eventually("it is resolved", lambda: [line for line in running.fixes()
                                              if line["code"] == "missing_intermediate" and "resolved" in str(line)],
                   also=running.report)


def test_a_file_in_reverse_is_served_in_order_and_told_until_it_is_put_right(program, world, tmp_path):
    port = free_port()
    given = tmp_path / "given.pem"
    given.write_text(world.root.pem + world.issuing.pem + world.leaf.pem)
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port, certificate=given))
        fix = running.wait_for_fix("wrong_order", severity="fixed", action="reordered")
        assert served_chain(port, NAME) == world.mended
        before = [world.root, world.issuing, world.leaf]
        assert [one["sha256"] for one in fix["before"]] == [entity.sha256 for entity in before]
        assert [one["sha256"] for one in fix["after"]] == world.mended
        given.write_text(world.leaf.pem + world.issuing.pem + world.root.pem)
        running.signal(signal.SIGHUP)
        eventually("it is resolved", lambda: [line for line in running.fixes()
                                              if line["code"] == "wrong_order" and "resolved" in str(line)],
                   also=running.report)
        assert served_chain(port, NAME) == world.mended


def test_a_good_chain_leaves_nothing_to_fix(program, world):
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port, certificate=world.complete))
        assert served_chain(port, NAME) == world.mended
        running.stop()
    assert [line for line in running.fixes() if line["severity"] in ("fixed", "error")] == []


def test_a_name_that_is_not_covered_is_an_error_in_the_log(program, world):
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port,
                                                     hostnames=[NAME, "autodiscover.contoso.test"]))
        finding = running.wait_for_fix("name_not_covered")
    assert finding["name"] == "autodiscover.contoso.test"
    assert finding["severity"] == "error"
    assert NAME in finding["message"]


def test_a_log_that_cannot_be_written_stops_nothing_and_is_told(program, world, tmp_path):
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(fix_log="/dev/full"), site(world, port, backend.port))
        eventually("the chain is mended", lambda: served_chain(port, NAME) == world.mended, also=running.report)
        running.wait_for_words("/dev/full")


def test_sigusr1_reopens_the_log_after_a_rotation(program, world, tmp_path):
    port = free_port()
    certificate, key = world.leaf.write(tmp_path, "given")
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port, certificate=certificate, key=key))
        running.wait_for_fix("missing_intermediate")
        os.rename(world.fix_log, world.folder / "fixes.jsonl.1")
        running.signal(signal.SIGUSR1)
        eventually("a new log is there", world.fix_log.exists, also=running.report)
        certificate.write_text(world.leaf.pem + world.issuing.pem)
        running.signal(signal.SIGHUP)
        eventually("it goes on in the new one", running.fixes, also=running.report)


def test_the_log_on_stderr_is_the_same_lines(program, world):
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(fix_log="stderr"), site(world, port, backend.port))
        running.wait_for_words('"code":')
        running.wait_for_words("missing_intermediate")


def test_a_fix_tells_what_it_cost_who_accepts_it_and_what_expires_first(program, world):
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        fix = running.wait_for_fix("missing_intermediate")
    sizes = [len(world.leaf.der), len(world.issuing.der)]
    assert (fix["bytes_before"], fix["bytes_after"], fix["bytes_added"]) == (sizes[0], sum(sizes), sizes[1])
    assert [one["bytes"] for one in fix["after"]] == sizes
    assert fix["stores"] == [{"name": "demo", "served_trusted": False, "mended_trusted": True}]
    assert fix["anchor"]["sha256"] == world.root.sha256 and fix["anchor"]["source"] == "roots"
    assert fix["first_expiry"]["sha256"] in world.mended
    assert (fix["after"][1]["source"], fix["after"][1]["url"]) == ("fetched", world.url)
    assert fix["pem"] == world.leaf.pem + world.root.pem
    assert fix["applied"] is True
    assert [one["sha256"] for one in fix["runners_up"][0]["path"]] == [world.leaf.sha256]
    assert "unknown" in fix["runners_up"][0]["why"]
    assert fix["since"] == fix["time"] and fix["run"] <= fix["time"]


def test_a_path_that_lost_is_told_with_its_reason(program, world):
    """Two twins of the intermediate: the one that expires later goes out."""
    port = free_port()
    twin = world.root.issue_authority("Contoso Issuing CA", key=world.issuing.key, not_after=NOW + 40 * DAY)
    given = world.chain("twins", world.leaf, twin, world.issuing)
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port, certificate=given))
        line = running.wait_for_fix("unrelated_certificate")
    lost = line["runners_up"]
    assert [[one["sha256"] for one in path["path"]] for path in lost] == [
        [world.leaf.sha256, twin.sha256, world.root.sha256]]
    assert "expire" in lost[0]["why"]
    assert line["bytes_added"] == -len(twin.der)


def test_one_id_from_appearing_to_resolved_and_over_a_restart(program, world, tmp_path):
    port = free_port()
    certificate, key = world.leaf.write(tmp_path, "given")
    with Server() as backend:
        sites = site(world, port, backend.port, certificate=certificate, key=key)
        running = program.run(world.settings(), sites)
        first = running.wait_for_fix("missing_intermediate")
        running.stop()
        running = program.run(world.settings(), sites)
        again = eventually("it appears anew", lambda: [line for line in running.fixes()
                                                       if line["id"] == first["id"] and line["run"] > first["run"]])
        certificate.write_text(world.leaf.pem + world.issuing.pem)
        running.signal(signal.SIGHUP)
        end = running.wait_for_fix("missing_intermediate", event="resolved")
    assert end["id"] == first["id"] and end["run"] == again[0]["run"] and end["since"] == again[0]["time"]
    assert "after" not in end


def test_what_was_repaired_while_it_did_not_run_is_resolved(program, world, tmp_path):
    """Also where the next run has nothing else to tell: else the summary would call it open for ever."""
    port = free_port()
    certificate, key = world.leaf.write(tmp_path, "given")
    with Server() as backend:
        sites = site(world, port, backend.port, certificate=certificate, key=key)
        running = program.run(world.settings(), sites)
        first = running.wait_for_fix("missing_intermediate")
        running.stop()
        certificate.write_text(world.leaf.pem + world.issuing.pem)
        running = program.run(world.settings(), sites)
        end = running.wait_for_fix("missing_intermediate", event="resolved")
        running.stop()
    assert end["id"] == first["id"] and end["run"] > first["run"] and "after" not in end
    said = json.loads(program.command("log", world.fix_log, "--summary", "--json").stdout)["sites"]
    assert [(one["site"], one["resolved"], one["next"]) for one in said] == [("mail", 1, [])]


def test_a_log_that_was_moved_away_is_noticed_without_a_signal(program, world, tmp_path):
    port = free_port()
    certificate, key = world.leaf.write(tmp_path, "given")
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port, certificate=certificate, key=key))
        running.wait_for_fix("missing_intermediate")
        os.rename(world.fix_log, world.folder / "fixes.jsonl.1")
        eventually("a new log is there", world.fix_log.exists, also=running.report)
        world.fix_log.unlink()
        certificate.write_text(world.leaf.pem + world.issuing.pem)
        running.signal(signal.SIGHUP)
        eventually("it goes on in the new one", running.fixes, also=running.report)


def test_copytruncate_leaves_no_hole(program, world, tmp_path):
    port = free_port()
    certificate, key = world.leaf.write(tmp_path, "given")
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port, certificate=certificate, key=key))
        running.wait_for_fix("missing_intermediate")
        os.truncate(world.fix_log, 0)
        certificate.write_text(world.leaf.pem + world.issuing.pem)
        running.signal(signal.SIGHUP)
        running.wait_for_fix("missing_intermediate", event="resolved")
        assert b"\0" not in world.fix_log.read_bytes()


def test_lines_of_a_full_disk_wait_and_are_written_when_there_is_room(program, world):
    """A limit on the size of files stands for the full disk."""
    port = free_port()
    world.fix_log.write_text("x" * 4095 + "\n")
    with Server() as backend:
        running = program.run(world.settings(cache=world.folder / "no" / "cache"), site(world, port, backend.port),
                              limits={resource.RLIMIT_FSIZE: 4096})
        eventually("the chain is mended", lambda: served_chain(port, NAME) == world.mended, also=running.report)
        running.wait_for_words("the fix log cannot be written")
        assert running.stderr.count("the fix log cannot be written") == 1
        world.fix_log.unlink()
        running.wait_for_words("the fix log can be written again")
        running.wait_for_fix("missing_intermediate")
        assert re.search(r"[1-9]\d* lines? had to wait, 0 were lost", running.stderr)


def test_the_log_under_the_journal_is_an_entry_or_a_line_with_its_weight(program, world):
    """No journal listens here, or this user cannot reach it: each line comes to stderr whole, behind `<N>`."""
    port = free_port()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    status = os.fstat(theirs.fileno())
    config = program.write(world.settings(fix_log="stderr"), site(world, port, 9))
    with ours:
        process = subprocess.Popen([*mount_namespace(), "sh", "-c",
                                    'mount -t tmpfs none /run && exec "$0" run -c "$1"', program.binary, config],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs,
                                   env={**os.environ, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        theirs.close()
        ours.settimeout(30)
        said = b""
        try:
            while b"missing_intermediate" not in said or not said.endswith(b"\n"):
                came = ours.recv(65536)
                if not came:
                    break
                said += came
        finally:
            process.terminate()
            process.wait(30)
    lines = [line for line in said.decode().splitlines() if '"code":"missing_intermediate"' in line]
    assert lines and lines[0].startswith("<5>{"), said
    assert fix_log_schema.what_is_wrong(lines[0][3:]) == ""


ROTATIONS = {
    "create, and a signal": "create 0640\npostrotate\nkill -USR1 {pid}\nendscript",
    "create alone": "create 0640",
    "nocreate": "nocreate",
    "copytruncate": "copytruncate",
}


@pytest.mark.skipif(LOGROTATE is None, reason="logrotate is not installed")
@pytest.mark.parametrize("kind", ROTATIONS)
def test_logrotate(program, world, tmp_path, kind):
    """Writes to the new file after a rotation, and reads the rotated one although it is compressed."""
    port = free_port()
    certificate, key = world.leaf.write(tmp_path, "given")
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port, certificate=certificate, key=key))
        running.wait_for_fix("missing_intermediate")
        rules = tmp_path / "logrotate.conf"
        directives = ROTATIONS[kind].format(pid=running.process.pid)
        rules.write_text(f"{world.fix_log} {{\nrotate 3\ncompress\nsu root root\n{directives}\n}}\n"
                         if os.getuid() == 0 else f"{world.fix_log} {{\nrotate 3\ncompress\n{directives}\n}}\n")
        rules.chmod(0o600)
        tmp_path.chmod(0o755)
        subprocess.run([LOGROTATE, "--force", "--state", tmp_path / "state", rules], check=True, capture_output=True)
        rotated = tmp_path / "fixes.jsonl.1.gz"
        certificate.write_text(world.leaf.pem + world.issuing.pem)
        running.signal(signal.SIGHUP)
        running.wait_for_fix("missing_intermediate", event="resolved")
        assert all(line["event"] == "resolved" for line in running.fixes()), running.fixes()
        old = json.loads(program.command("log", rotated, "--json").stdout)["lines"]
        assert "missing_intermediate" in [line["code"] for line in old]


JOURNAL = """
import json, os, socket, subprocess, sys, time
os.makedirs("/run/systemd/journal")
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.bind("/run/systemd/journal/socket")
journal.settimeout(30)
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
status = os.fstat(theirs.fileno())
process = subprocess.Popen([sys.argv[1], "run", "-c", sys.argv[2]], stderr=theirs, stdin=subprocess.DEVNULL,
                           env={**os.environ, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
theirs.close()
entry = {}
while entry.get("CHAINMEND_CODE") != "missing_intermediate":
    data, entry = journal.recv(1 << 20), {}
    while data:
        name, data = data.split(b"\\n", 1)
        size = int.from_bytes(data[:8], "little")
        entry[name.decode()] = data[8:8 + size].decode()
        assert data[8 + size:9 + size] == b"\\n"
        data = data[9 + size:]
process.terminate()
said = b""
while came := ours.recv(65536):
    said += came
entry["status"], entry["stderr"] = process.wait(60), said.decode()
print(json.dumps(entry))
"""


def test_the_journal_gets_an_entry_with_fields(program, world, tmp_path):
    """A socket in a name space of its own stands for the journal's."""
    script = tmp_path / "journal.py"
    script.write_text(JOURNAL)
    config = program.write(world.settings(fix_log="stderr"), site(world, free_port(), 9))
    result = subprocess.run([*mount_namespace(), "sh", "-c",
                             'mount -t tmpfs none /run && exec "$@"', "sh", sys.executable, script, program.binary,
                             config],
                            capture_output=True, text=True, timeout=90, check=False)
    assert result.returncode == 0, result
    entry = json.loads(result.stdout)
    assert (entry["CHAINMEND_SITE"], entry["CHAINMEND_SEVERITY"], entry["PRIORITY"]) == ("mail", "fixed", "5")
    assert (entry["SYSLOG_IDENTIFIER"], entry["CHAINMEND_EVENT"], entry["status"]) == ("chainmend", "appeared", 0)
    assert fix_log_schema.what_is_wrong(entry["MESSAGE"]) == ""
    assert json.loads(entry["MESSAGE"])["id"] == entry["CHAINMEND_ID"]
    assert '"code"' not in entry["stderr"] and "<6>chainmend: " in entry["stderr"]
