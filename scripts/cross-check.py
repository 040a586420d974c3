#!/usr/bin/env python3
"""Compares chainmend's verdicts with those of OpenSSL, GnuTLS and Java: scripts/cross-check.py [--count N] [--seed N]

Makes chains of every kind that servers have (tests/support/many_inputs.py) and takes each through check, mend, cache
import and run. Where another verifier says otherwise, a rule of tests/support/known_differences.py must have the
reason: an unexplained difference is a failure, as is a crash, a hang, a sanitizer's report, or a document that
contradicts itself. A verifier that is not installed is not asked, and that is said. Status 1 with failures.
The same seed makes the same inputs, keys and serial numbers apart.

CHAINMEND: the program, build/asan/chainmend by default. 1,000 inputs take a quarter of an hour on two cores.
"""

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
EXIT_USAGE = 64


class Parser(argparse.ArgumentParser):
    """Ends with status 64 after wrong usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"cross-check: {message}; see scripts/cross-check.py --help\n")


def main() -> int:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="inputs (default: 1000)")
    parser.add_argument("--seed", type=int, default=random.randrange(2**31), help="default: one by chance, printed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="side by side (default: one a core)")
    parser.add_argument("--keep", type=Path, help="a new folder for what failed (default: a temporary one)")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    from cross_check import cross_check
    binary = Path(os.environ.get("CHAINMEND", ROOT / "build" / "asan" / "chainmend")).resolve()
    if not binary.is_file():
        print(f"cross-check: {binary} is not there: build it first (scripts/test.sh does)", file=sys.stderr)
        return 2
    if arguments.keep is None:
        folder = Path(tempfile.mkdtemp(prefix="cross-check-"))
    else:
        folder = arguments.keep.resolve()
        folder.mkdir(parents=True)
    print(f"seed {arguments.seed}; files of what fails: {folder}", flush=True)
    result = cross_check(binary, folder, arguments.seed, arguments.count, arguments.jobs)
    for why in result.failures:
        print(f"FAILED {why}")
    print(result.table())
    return 1 if result.failures else 0


if __name__ == "__main__":
    sys.exit(main())
