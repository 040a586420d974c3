"""conditions - what a run was made with: figures of two runs are compared where that means something."""

from __future__ import annotations

import platform
import re
import subprocess
from pathlib import Path

from compare.processes import Trouble

from .figures import API, BORINGSSL_COMPILER, COMPILER, LIBC_VERSION, LIBUV, PROCESSOR, VALGRIND

WAIT_S = 30.0
FLAGS = ("avx2", "bmi2", "rdrand")  # those of which valgrind shows a program what the processor has
UNKNOWN = "unknown"


def read_conditions(build: Path) -> dict[str, str]:
    program = str(build / "chainmend")
    compiler = read_compiler(build)
    return {API: read_api(_told(program, "--version")),
            BORINGSSL_COMPILER: read_other_compilers(_told("readelf", "-p", ".comment", program), compiler),
            COMPILER: compiler, LIBC_VERSION: " ".join(platform.libc_ver()).strip() or UNKNOWN,
            LIBUV: _first(r"^uv_VERSION:INTERNAL=(.*)$", _text(build / "CMakeCache.txt")),
            PROCESSOR: read_processor(_text(Path("/proc/cpuinfo")), platform.machine()),
            VALGRIND: _first(r"^valgrind-(\S+)", _told("valgrind", "--version"))}


def read_api(version: str) -> str:
    """Of `chainmend --version`."""
    found = re.search(r"API version (\d+)", version)
    if found is None:
        raise Trouble(f"chainmend does not tell BoringSSL's API version: {version.strip()!r}")
    return found[1]


def read_compiler(build: Path) -> str:
    """Of our own code, as CMake found it out: "GNU 12.2.0"."""
    for path in build.glob("CMakeFiles/*/CMakeCCompiler.cmake"):
        text = path.read_text()
        return " ".join(_first(rf'^set\(CMAKE_C_COMPILER_{what} "(.*)"\)$', text) for what in ("ID", "VERSION"))
    return UNKNOWN


def read_other_compilers(comments: str, own: str) -> str:
    """Of `readelf -p .comment`: the compilers of what is linked in, but for our own one."""
    version = own.split()[-1]
    found = re.findall(r"^ +\[ *[0-9a-f]+\] +(.*\S)\s*$", comments, re.MULTILINE)
    return ", ".join(sorted(line for line in found if version not in line)) or own


def read_processor(cpuinfo: str, machine: str) -> str:
    flags = _first(r"^flags\s*:(.*)$", cpuinfo).split()
    return " ".join([machine, *(flag for flag in FLAGS if flag in flags)])


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1].strip() if found else UNKNOWN


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _told(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=WAIT_S).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise Trouble(f"{Path(command[0]).name}: {error}") from error
