"""A whole run of bench/cost.sh."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from compare.command_line import Stopped, stop_on_signals
from compare.credentials import make_credentials
from compare.processes import Trouble

from .cases import CASES
from .conditions import read_conditions
from .figures import Counted, differing
from .measures import Measurement, check_tools
from .options import read_options
from .record import EXPECTED, Record, merge, read_record, write_record
from .subject import Setting
from .verdict import Verdict, grown_functions, left_out_text, table

EXIT_GREW, EXIT_UNMEASURED = 1, 2


def count_all(options: argparse.Namespace, folder: Path) -> dict[str, Counted]:
    setting = Setting(options.build.resolve(), make_credentials(folder / "credentials"),
                      sorted(os.sched_getaffinity(0)))
    measurement = Measurement(setting, options.transactions, options.connections)
    counted = {}
    for case in options.chosen:
        begun = time.monotonic()
        try:
            counted[case.name] = measurement.count(case, folder / case.name)
        except Trouble as trouble:
            raise Trouble(f"{case.name}: {trouble}") from trouble
        say(f"{case.name}: {time.monotonic() - begun:.0f} s")
    return counted


def judge(recorded: Record, present: Record, tolerance: float) -> int:
    """Prints what there is to say; the exit status."""
    different = differing(recorded.conditions, present.conditions)
    verdict = Verdict()
    for case, counted in present.cases.items():
        verdict.add(case, recorded.cases.get(case), counted, different, tolerance)
    for line in left_out_text(verdict, different, recorded.conditions, present.conditions):
        print(line)
    if verdict.fallen:
        print("fell (bench/cost.sh --update keeps it so):")
        print("\n".join(change.text() for change in verdict.fallen))
    if verdict.grown:
        print("GREW:")
    for change in verdict.grown:
        print(change.text())
        for line in grown_functions(change, recorded.cases[change.case], present.cases[change.case]):
            print(line)
    if verdict.unknown:
        print(f"{EXPECTED} has nothing of {', '.join(verdict.unknown)}: bench/cost.sh --update writes it")
    print(f"{verdict.compared} figures of {len(present.cases) - len(verdict.unknown)} cases compared: "
          f"{len(verdict.grown)} grew, {len(verdict.fallen)} fell by more than {tolerance:.2%}")
    if verdict.grown:
        return EXIT_GREW
    return EXIT_UNMEASURED if verdict.unknown or not verdict.compared else 0


def run(options: argparse.Namespace, folder: Path) -> int:
    """Reads the record before it counts anything: a wrong one ends it at once."""
    is_complete = len(options.chosen) == len(CASES)
    check_tools()
    if not (options.build / "chainmend").is_file():
        raise Trouble(f"{options.build}/chainmend is not there: cmake --preset cost && cmake --build build/cost")
    is_new = options.update and (is_complete or not (options.expected / EXPECTED).is_file())
    recorded = Record() if is_new else read_record(options.expected)
    conditions = read_conditions(options.build.resolve())
    present = Record(conditions, count_all(options, folder))
    print(table(present.cases))
    if not options.update:
        return judge(recorded, present, options.tolerance / 100)
    write_record(merge(recorded, present), options.expected)
    say(f"{EXPECTED} is written: {len(present.cases)} cases")
    return 0


def say(line: str) -> None:
    print(f"cost: {line}", file=sys.stderr, flush=True)


def main() -> int:
    options = read_options(sys.argv[1:])
    if options.list:
        print("\n".join(case.name for case in CASES))
        return 0
    stop_on_signals()
    try:
        with tempfile.TemporaryDirectory(prefix="chainmend-cost-") as folder:
            return run(options, Path(folder))
    except Trouble as trouble:
        say(str(trouble))
        return EXIT_UNMEASURED
    except Exception:  # a fault of this program's own is no rise, whose status Python's would be
        traceback.print_exc()
        return EXIT_UNMEASURED
    except Stopped as stopped:
        say(f"stopped by {stopped.name}")
        return stopped.status


if __name__ == "__main__":
    sys.exit(main())
