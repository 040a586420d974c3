"""cmake --install puts the binary, the sample configuration and the unit file where Debian expects them."""

import os
import re
import shutil
import subprocess

import pytest
from conftest import ROOT


@pytest.fixture(scope="module")
def stage(binary, tmp_path_factory):
    build = binary.parent
    if not (build / "cmake_install.cmake").is_file():
        pytest.skip("CHAINMEND is not in a build folder")
    folder = tmp_path_factory.mktemp("stage")
    subprocess.run(["cmake", "--install", str(build), "--prefix", "/usr"], check=True, capture_output=True,
                   env={**os.environ, "DESTDIR": str(folder)})
    return folder


def test_the_binary_runs_from_where_it_is_installed(stage):
    answer = subprocess.run([str(stage / "usr/bin/chainmend"), "--version"], capture_output=True, text=True, check=True)
    assert "chainmend" in answer.stdout


def test_the_load_tool_and_its_manual_are_beside_it(stage):
    answer = subprocess.run([str(stage / "usr/bin/chainmend-bench"), "--version"], capture_output=True, text=True,
                            check=True)
    assert "chainmend-bench" in answer.stdout
    assert (stage / "usr/share/man/man1/chainmend-bench.1").is_file()
    assert list(stage.glob("usr/share/doc/*/docs/benchmarking.md"))


def test_the_sample_configuration_is_accepted_by_the_binary_but_for_the_files_that_it_names(stage):
    sample = stage / "etc/chainmend/chainmend.ini"
    assert sample.is_file()
    answer = subprocess.run([str(stage / "usr/bin/chainmend"), "run", "--check-config", "-c", str(sample)],
                            capture_output=True, text=True, check=False)
    # A line that the parser does not like is told with its number; what is missing here is certificates.
    assert f"{sample.name}:" not in answer.stderr.replace(str(sample), sample.name), answer.stderr


def test_what_is_installed_is_what_the_build_made(binary, stage):
    made = binary.parent / "texts"
    for installed, text in (("etc/chainmend/chainmend.ini", "conf/chainmend.ini"),
                            ("usr/share/man/man5/chainmend.ini.5", "conf/install/chainmend.ini.5")):
        assert (stage / installed).read_bytes() == (made / text).read_bytes(), installed


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc (Debian: mandoc) is not here")
def test_the_manual_pages_are_clean(stage):
    pages = sorted((stage / "usr/share/man").rglob("*.[15]"))
    assert [page.name for page in pages] == ["chainmend-bench.1", "chainmend.1", "chainmend.ini.5"]
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages], capture_output=True, text=True,
                          check=False)
    assert (lint.stdout, lint.returncode) == ("", 0)


def test_the_unit_file_starts_the_installed_binary(stage):
    (unit,) = stage.glob("**/systemd/system/chainmend.service")
    text = unit.read_text()
    assert "/usr/bin/chainmend run" in text
    assert "/etc/chainmend/chainmend.ini" in text


def unit_lines(stage, key):
    (unit,) = stage.glob("**/systemd/system/chainmend.service")
    return [line.split("=", 1)[1] for line in unit.read_text().splitlines() if line.startswith(f"{key}=")]


def test_a_reload_with_a_wrong_configuration_fails_before_the_signal(stage, tmp_path):
    # One after the other, as long as each succeeds (systemd.service(5)).
    check, signal = unit_lines(stage, "ExecReload")
    assert check.endswith("--check-config --offline") and signal == "/bin/kill -HUP $MAINPID"
    assert unit_lines(stage, "ExecStartPre") == []
    binary, *arguments = check.split()
    wrong = tmp_path / "wrong.ini"
    wrong.write_text("[chainmend]\nuser = no-such-user\nno_such_key = 1\n")
    arguments[arguments.index("-c") + 1] = str(wrong)
    answer = subprocess.run([f"{stage}{binary}", *arguments], capture_output=True, text=True, check=False)
    assert answer.returncode == 1 and "no_such_key" in answer.stderr


def test_the_unit_gives_away_no_more_than_it_needs(stage):
    assert unit_lines(stage, "LimitCORE") == ["0"]
    assert unit_lines(stage, "NoNewPrivileges") == ["yes"]
    assert unit_lines(stage, "User") == unit_lines(stage, "Group") == ["chainmend"]
    (users,) = stage.glob("**/sysusers.d/chainmend.conf")
    assert users.read_text().split()[:2] == ["u", "chainmend"]


def test_what_is_left_after_drain_timeout_is_what_systemd_kills(stage):
    sample = (stage / "etc/chainmend/chainmend.ini").read_text()
    drain_s = int(re.search(r"drain_timeout = (\d+)s", sample)[1])
    (stop_s,) = unit_lines(stage, "TimeoutStopSec")
    assert int(stop_s) > drain_s


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze (Debian: systemd) is not here")
def test_systemd_finds_nothing_wrong_with_the_unit(stage, tmp_path):
    (unit,) = stage.glob("**/systemd/system/chainmend.service")
    here = tmp_path / "chainmend.service"
    here.write_text(unit.read_text().replace("/usr/bin/chainmend", f"{stage}/usr/bin/chainmend")
                    .replace("man:", "https://man.example/"))
    answer = subprocess.run(["systemd-analyze", "verify", here], capture_output=True, text=True, check=False)
    assert [line for line in answer.stderr.splitlines() if "chainmend" in line] == [], answer


def test_every_page_that_is_named_is_there(binary, stage):
    """By the program's messages, by the unit, and by the pages among themselves."""
    (docs,) = stage.glob("usr/share/doc/*/docs")
    here = {path.name for path in docs.iterdir()}
    assert {path.name for path in (ROOT / "docs").iterdir()} == here
    named = set(re.findall(rb"docs/([\w.-]+\.(?:md|json|png|svg))", binary.read_bytes()))
    assert {name.decode() for name in named} <= here and b"findings.md" in named
    (page,) = [word for word in unit_lines(stage, "Documentation")[0].split() if word.startswith("file:")]
    assert (stage / page.removeprefix("file:/")).is_file()
    for path in docs.glob("*.md"):
        for link in re.findall(r"\]\(([\w.-]+\.\w+)", path.read_text()):
            assert link in here, (path.name, link)


def test_nothing_lands_outside_of_the_usual_places(stage):
    files = [str(path.relative_to(stage)) for path in stage.rglob("*") if path.is_file()]
    places = ("usr/bin/", "etc/chainmend/", "etc/logrotate.d/chainmend", "usr/lib/systemd/",
              "usr/lib/sysusers.d/", "lib/systemd/", "usr/share/")
    assert [name for name in files if not name.startswith(places)] == []
