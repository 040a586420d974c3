"""cmake --install puts the binary, the sample configuration and the unit file where Debian expects them."""

import os
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
    answer = subprocess.run([str(stage / "usr/bin/chainmend-bench"), "--version"], capture_output=True, text=True, check=True)
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


def test_the_unit_file_starts_the_installed_binary(stage):
    (unit,) = stage.glob("**/systemd/system/chainmend.service")
    text = unit.read_text()
    assert "/usr/bin/chainmend run" in text
    assert "/etc/chainmend/chainmend.ini" in text


def test_nothing_lands_outside_of_the_usual_places(stage):
    files = [str(path.relative_to(stage)) for path in stage.rglob("*") if path.is_file()]
    places = ("usr/bin/", "etc/chainmend/", "etc/logrotate.d/chainmend", "usr/lib/systemd/", "usr/lib/sysusers.d/", "lib/systemd/", "usr/share/")
    assert [name for name in files if not name.startswith(places)] == []
