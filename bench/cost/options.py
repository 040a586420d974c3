"""The options of bench/cost.sh. Run by itself, it checks them and does nothing else."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from compare.command_line import Parser, existing_folder

from .cases import QUICK, select
from .measures import CONNECTIONS, MAX_CONNECTIONS, MAX_TRANSACTIONS, TRANSACTIONS
from .record import EXPECTED

BENCH = Path(__file__).resolve().parents[1]
BUILD = BENCH.parent / "build" / "cost"
TOLERANCE_PERCENT = 1.0


def read_options(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(prog="bench/cost.sh", allow_abbrev=False, description=(
        "Counts what a transaction costs a worker of chainmend: instructions, allocations, system calls; and holds the "
        f"counts against bench/{EXPECTED}. Status 0: nothing grew; 1: something did; 2: something could not be counted "
        "or compared; 64: wrong usage."))
    add = parser.add_argument
    add("cases", nargs="*", metavar="CASE", help="by its name (--list); all by default")
    add("--quick", action="store_true", help=f"these four: {', '.join(case.name for case in QUICK)}")
    add("--list", action="store_true", help="tell the names of all cases")
    add("--update", action="store_true", help=f"write the counts into {EXPECTED}, in place of holding them against it")
    add("--tolerance", type=float, default=TOLERANCE_PERCENT, metavar="PERCENT",
        help=f"a rise of up to so much is none; {TOLERANCE_PERCENT:g} by default")
    add("--transactions", type=int, default=TRANSACTIONS, metavar="N",
        help=f"for each case and tool; {TRANSACTIONS} by default")
    add("--connections", type=int, default=CONNECTIONS, metavar="N",
        help=f"idle ones; {CONNECTIONS} by default, {MAX_CONNECTIONS} at the most")
    add("--build", type=existing_folder, default=BUILD, metavar="DIR",
        help="what the preset cost made is there: nothing is built")
    add("--expected", type=existing_folder, default=BENCH, metavar="DIR", help=f"where {EXPECTED} is")
    options = parser.parse_args(arguments)
    if options.quick and options.cases:
        parser.error("--quick and names of cases stand together: use one of them")
    if not 0 <= options.tolerance <= 100:
        parser.error("--tolerance: 0 to 100 percent")
    if not (0 < options.transactions <= MAX_TRANSACTIONS and 0 < options.connections <= MAX_CONNECTIONS):
        parser.error(f"--transactions: 1 to {MAX_TRANSACTIONS}; --connections: 1 to {MAX_CONNECTIONS}")
    try:
        options.chosen = list(QUICK) if options.quick else select(options.cases)
    except ValueError as error:
        parser.error(str(error))
    return options


if __name__ == "__main__":
    read_options(sys.argv[1:])
