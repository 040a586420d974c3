"""cmake --install puts the binary, the sample configuration and the unit file where Debian expects them."""

import os
import shutil
import subprocess

import pytest


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


def test_nothing_lands_outside_of_the_usual_places(stage):
    files = [str(path.relative_to(stage)) for path in stage.rglob("*") if path.is_file()]
    places = ("usr/bin/", "etc/chainmend/", "etc/logrotate.d/chainmend", "usr/lib/systemd/",
              "usr/lib/sysusers.d/", "lib/systemd/", "usr/share/")
    assert [name for name in files if not name.startswith(places)] == []
