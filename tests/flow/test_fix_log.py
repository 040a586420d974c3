"""The fix log: what a line holds, when one is written, and when none is."""

import os
import re
import signal

from conftest import NAME
from clients import served_chain
from program import eventually, free_port
from tls_servers import Server


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
