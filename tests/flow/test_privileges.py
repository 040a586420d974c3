"""Whom chainmend runs as, what it gives up, and whom its socket belongs to."""

from __future__ import annotations

import os
import pwd
import re
import resource
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest
from clients import served_chain
from conftest import NAME
from program import free_port, open_to_everybody

NOBODY = pwd.getpwnam("nobody")
UNKNOWN = "64321"  # a number that no user has

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")


def site(world, port: int, **more: object) -> dict[str, dict[str, object]]:
    return {"mail": {"listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key,
                     "hostnames": NAME, "backend": f"tcp://127.0.0.1:{free_port()}", **more}}


def status_of(pid: int) -> dict[str, list[str]]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {line.split(":")[0]: line.split(":", 1)[1].split() for line in lines}


@needs_root
@pytest.mark.parametrize("more", [[], ["--check-config"]])
def test_a_number_that_no_user_has_needs_a_group(program, world, more):
    path = program.write(world.settings(user=UNKNOWN), site(world, free_port()))
    result = program.command("run", "-c", path, *more)
    assert result.returncode == 1 and f"user = {UNKNOWN}" in result.stderr, result
    assert f"add the line group = {UNKNOWN}" in result.stderr


@needs_root
def test_a_number_with_a_group_is_fine_and_so_is_one_that_the_machine_knows(program, world):
    for keys, uid, gid in (({"user": UNKNOWN, "group": UNKNOWN}, UNKNOWN, UNKNOWN),
                           ({"user": NOBODY.pw_uid}, str(NOBODY.pw_uid), str(NOBODY.pw_gid)),
                           ({"user": "root"}, "0", "0")):
        running = program.run(world.settings(**keys), site(world, free_port()))
        running.wait_for_words("started")
        status = status_of(running.process.pid)
        assert status["Uid"] == [uid] * 4 and status["Gid"] == [gid] * 4 and status["Groups"] == [], keys
        running.stop()


@needs_root
def test_a_reload_refuses_a_number_without_a_group(program, world):
    running = program.run(world.settings(), site(world, free_port()))
    path = program.folder / "chainmend-1.ini"
    path.write_text(path.read_text().replace("[chainmend]", f"[chainmend]\nuser = {UNKNOWN}"))
    running.signal(signal.SIGHUP)
    running.wait_for_words(f"add the line group = {UNKNOWN}")
    running.wait_for_words("nothing of it is taken over")


@pytest.mark.parametrize("keys", [{}, {"user": "nobody"}])
def test_no_core_no_new_rights_and_no_groups_of_before(program, world, keys):
    if keys and os.geteuid() != 0:
        pytest.skip("only root becomes another user")
    port = free_port()
    running = program.run(world.settings(**keys), site(world, port), limits={resource.RLIMIT_CORE: 1 << 30})
    running.wait_for_words("started")
    pid = running.process.pid
    status = status_of(pid)
    assert status["NoNewPrivs"] == ["1"]
    assert re.search(r"Max core file size +0 +0 ", Path(f"/proc/{pid}/limits").read_text())
    assert Path(f"/proc/{pid}/environ").stat().st_uid == 0  # as of a process whose memory nobody may see
    if os.geteuid() == 0:
        assert status["Groups"] == []
    for task in Path(f"/proc/{pid}/task").iterdir():
        assert "NoNewPrivs:\t1" in (task / "status").read_text()
    assert served_chain(port, NAME) == world.mended


def run_as(program, world, prefix: list[str], keys: dict[str, object]) -> subprocess.CompletedProcess[str]:
    open_to_everybody(world.folder)
    for name in ("cache", "logs"):
        (world.folder / name).mkdir(exist_ok=True)
        (world.folder / name).chmod(0o777)
    world.key.chmod(0o644)
    path = program.write(world.settings(**{"fix_log": world.folder / "logs" / "fixes.jsonl", **keys}),
                         site(world, free_port()))
    path.chmod(0o644)
    return subprocess.run(["timeout", "-s", "TERM", "4", *prefix, str(program.binary), "run", "-c", str(path)],
                          capture_output=True, text=True, check=False)


@needs_root
def test_without_root_what_fits_is_fine_and_the_rest_is_refused(program, world):
    prefix = ["setpriv", f"--reuid={NOBODY.pw_uid}", f"--regid={UNKNOWN}", "--clear-groups"]
    if subprocess.run([*prefix, str(program.binary), "--version"], capture_output=True, check=False).returncode != 0:
        pytest.skip("another user cannot run the binary from where it is")
    for keys in ({"user": "nobody"}, {"user": NOBODY.pw_uid, "group": UNKNOWN}):
        fits = run_as(program, world, prefix, keys)
        assert "started" in fits.stderr and "only root" not in fits.stderr, fits
    for keys in ({"user": "root"}, {"user": "nobody", "group": "root"}):
        refused = run_as(program, world, prefix, keys)
        assert refused.returncode == 1 and "only root may become another user" in refused.stderr, refused


@needs_root
def test_the_socket_of_the_admin_page_is_its_users_from_the_beginning(program, world, tmp_path):
    path = tmp_path / "admin.sock"
    running = program.run(world.settings(user="nobody", admin=f"unix:{path}"), site(world, free_port()))
    running.wait_for_words("the page is at")
    status = path.lstat()
    assert stat.S_ISSOCK(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o660
    assert (status.st_uid, status.st_gid) == (NOBODY.pw_uid, NOBODY.pw_gid)


@needs_root
def test_no_file_changes_its_owner_by_its_path(program, world, tmp_path):
    """Whatever is put in the socket's place meanwhile, nothing but a new file belongs to another user."""
    if subprocess.run(["strace", "-V"], capture_output=True, check=False).returncode != 0:
        pytest.skip("strace is not here")
    trace = tmp_path / "trace"
    config = program.write(world.settings(user="nobody", admin=f"unix:{tmp_path}/admin.sock"), site(world, free_port()))
    subprocess.run(["timeout", "-s", "TERM", "5", "strace", "-f", "-o", str(trace), "-e",
                    "trace=chown,lchown,fchown,fchownat,bind", str(program.binary), "run", "-c", str(config)],
                   capture_output=True, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}, check=False)
    said = trace.read_text()
    assert "admin.sock" in said and "chown(" not in said and "fchownat(" not in said, said


@pytest.mark.parametrize("kind", ["file", "link to a file", "link to nothing", "folder"])
def test_what_stands_in_the_place_of_the_socket_stays(program, world, tmp_path, kind):
    path, target = tmp_path / "admin.sock", tmp_path / "target"
    if kind == "file":
        path.write_text("precious")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(target)
        if kind == "link to a file":
            target.write_text("precious")
    before = path.lstat()
    result = program.command("run", "-c", program.write(world.settings(admin=f"unix:{path}"), site(world, free_port())))
    assert result.returncode == 1 and "a file or a symbolic link stands there" in result.stderr, result
    assert path.lstat().st_ino == before.st_ino and (kind == "link to a file") == target.exists()


def test_a_socket_that_is_served_is_not_taken(program, world, tmp_path):
    path = tmp_path / "admin.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen(8)
        result = program.command("run", "-c",
                                 program.write(world.settings(admin=f"unix:{path}"), site(world, free_port())))
        assert result.returncode == 1 and "another program is there" in result.stderr, result
        assert path.exists()
