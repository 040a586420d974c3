"""The binary itself: what it says of itself, and what it must not export."""

import re
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

COMMANDS = ["run", "check", "mend", "cache", "log"]


def exported(binary):
    lines = subprocess.run(["nm", "-D", "--defined-only", str(binary)], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    return {line.split()[-1] for line in lines}


def test_no_symbol_of_boringssl_is_exported(binary):
    """libcurl brings OpenSSL's libcrypto into the same process; what we export it would find first."""
    names = exported(binary)
    suspect = re.compile(r"(_?(SSL|X509|EVP|BIO|RSA|EC|ASN1|CRYPTO|ERR|OPENSSL|PEM|BN|SHA|MD5|"
                         r"AES|HMAC|RAND|PKCS|CBS|CBB|EVP_PKEY|OBJ|d2i|i2d)_)|.*bssl")
    assert {name for name in names if suspect.match(name)} == set()


def test_only_system_libraries_are_needed_and_no_libssl_among_them(binary):
    needed = subprocess.run(["readelf", "-d", str(binary)], capture_output=True, text=True, check=True).stdout
    libraries = re.findall(r"NEEDED.*\[(.*)\]", needed)
    assert not [name for name in libraries if name.startswith(("libssl", "libcrypto"))], libraries
    assert any(name.startswith("libcurl-gnutls") for name in libraries), libraries


def test_it_is_position_independent_and_relocated_read_only(binary):
    headers = subprocess.run(["readelf", "-hlW", str(binary)], capture_output=True, text=True, check=True).stdout
    assert "DYN" in headers
    assert "GNU_RELRO" in headers


def test_version_names_its_own_and_boringssls(program):
    result = program.command("--version")
    assert result.returncode == 0, result
    version = re.search(r"project\(chainmend VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())
    assert version and version.group(1) in result.stdout
    assert re.search(r"BoringSSL.*\d+", result.stdout)


def test_help_names_every_command(program):
    result = program.command("--help")
    assert result.returncode == 0, result
    for name in COMMANDS:
        assert re.search(rf"\b{name}\b", result.stdout), name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(program, name):
    result = program.command(name, "--help")
    assert result.returncode == 0, result
    assert f"chainmend {name}" in result.stdout
    assert result.stderr == ""


def options_of(program, *command):
    text = program.command(*command, "--help").stdout
    return set(re.findall(r"^  (?:-\w, )?(--[a-z][a-z-]+)", text, re.MULTILINE)) - {"--help"}


@pytest.mark.parametrize("command", [["check"], ["mend"], ["cache"], ["log"],
                                     *(["cache", name] for name in ("list", "show", "import", "export", "fetch",
                                                                    "verify", "prune"))])
def test_every_option_is_in_the_manual(program, command):
    page = (ROOT / "conf" / "install" / "chainmend.1").read_text().replace("\\-", "-")
    assert [name for name in sorted(options_of(program, *command)) if not re.search(rf"{name}(?![\w-])", page)] == []


def test_every_option_of_run_is_in_its_manual_or_is_a_key(program, binary):
    page = (ROOT / "conf" / "install" / "chainmend.1").read_text().replace("\\-", "-")
    made = binary.parent / "texts" / "conf" / "install" / "chainmend.ini.5"
    if not made.is_file():
        pytest.skip("CHAINMEND is not in a build folder")
    keys = set(re.findall(r"^\.BR (\w+) \" = ", made.read_text(), re.MULTILINE))
    options = options_of(program, "run")
    assert len(options) > 20
    assert [name for name in sorted(options) if name[2:].replace("-", "_") not in keys
            and not re.search(rf"{name}(?![\w-])", page)] == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["check", "--help"]])
def test_output_that_cannot_be_written_is_no_success(program, arguments):
    with open("/dev/full", "w", encoding="ascii") as full:
        process = subprocess.run([str(program.binary), *arguments], stdout=full, stderr=subprocess.DEVNULL, timeout=60,
                                 check=False)
    assert process.returncode != 0


def test_the_sample_configuration_is_installed_readable(program):
    sample = ROOT / "conf" / "chainmend.ini"
    assert sample.is_file()
    text = sample.read_text()
    assert re.search(r"^\[chainmend\]", text, re.MULTILINE)
    assert Path(sample).stat().st_size > 0
