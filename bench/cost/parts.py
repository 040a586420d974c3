"""parts - whose code a function is: told by its object, and within chainmend's own by its source file.

chainmend is built with debug information and BoringSSL, which is linked into it, is not, or it lies in another folder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

CHAINMEND, BORINGSSL, LIBC, OTHER = "chainmend", "boringssl", "libc", "other"
PARTS = (CHAINMEND, BORINGSSL, LIBC, OTHER)
SYSTEM_HEADERS = "/usr/include/"
FETCHED = ".deps"  # BoringSSL's sources, where they lie within our own folder


@dataclass(frozen=True)
class Parts:
    """`program` is chainmend as built from the folder `source`."""

    program: str
    source: str

    def of(self, binary: str, file: str) -> str:
        """`file` is "???" or "??" where it is not known."""
        if binary == self.program:
            return CHAINMEND if self._is_own(file) else BORINGSSL
        return LIBC if re.match(r"lib(c|m|pthread)[.-]", Path(binary).name) else OTHER

    def _is_own(self, file: str) -> bool:
        if file.startswith(SYSTEM_HEADERS):
            return True  # a function of a header that was not inlined
        return file.startswith(f"{self.source}/") and not file.startswith(f"{self.source}/{FETCHED}/")


def source_folder(build: Path) -> str:
    """Which sources a build folder was made from; "" where it does not say."""
    try:
        found = re.search(r"^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$", (build / "CMakeCache.txt").read_text(), re.MULTILINE)
    except OSError:
        return ""
    return found[1] if found else ""
