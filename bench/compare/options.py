"""The options of bench/compare.sh. Run by itself, it checks them and does nothing else."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .cases import CASES, select
from .command_line import Parser, existing_folder
from .peers import TABLE, Peer, read_table
from .processes import Trouble

BENCH = Path(__file__).resolve().parents[1]
BUILD = BENCH.parent / "build" / "release"
FULL_S, QUICK_S, MAX_S = 840.0, 170.0, 870.0
MAX_TAIL_S = 3600.0


def read_options(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(prog="bench/compare.sh", allow_abbrev=False, description=(
        "Terminators side by side on this machine, over loopback: what each costs, as ratios to the limit and to "
        "each other. 15 minutes at the most. Results go to bench/results/ and bench/README.md after a whole run, "
        "else to build/compare/."), epilog=f"Cases: {', '.join(case.name for case in CASES)}.")
    add = parser.add_argument
    add("--quick", action="store_true", help=f"everything in some {QUICK_S / 60:.0f} minutes, for a first look")
    add("--seconds", type=float, help=f"the time for all of it, at most {MAX_S:.0f}; {FULL_S:.0f} by default")
    add("--only", action="append", default=[], metavar="CASE", help="a case, or the beginning of several; repeatable")
    add("--peers", metavar="NAME,...", help="of the table, besides its first one, which is the reference")
    add("--table", type=Path, metavar="FILE", help="further peers, in the form of bench/peers/peers.table")
    add("--backend-port", type=int, default=0, metavar="PORT", help="for servers that run already")
    add("--tail-seconds", type=float, default=0, metavar="S",
        help=f"the tail test's time for each server, beside the rest; {MAX_TAIL_S:.0f} at the most")
    add("--build", type=existing_folder, default=BUILD, metavar="DIR", help="what was built is there: nothing is built")
    add("--out", type=Path, metavar="DIR", help="where JSON and pictures go")
    add("--seed", type=int, help="of the random order")
    options = parser.parse_args(arguments)
    options.seconds = options.seconds or (QUICK_S if options.quick else FULL_S)
    if not 0 < options.seconds <= MAX_S:
        parser.error(f"--seconds: above 0, and {MAX_S:.0f} at the most")
    if not 0 <= options.tail_seconds <= MAX_TAIL_S:
        parser.error(f"--tail-seconds: {MAX_TAIL_S:.0f} at the most")
    try:
        options.cases = select(options.only)
        options.table_peers = read_peers(options)
    except ValueError as error:
        parser.error(f"--only: {error}")
    except Trouble as trouble:
        parser.error(str(trouble))
    return options


def read_peers(options: argparse.Namespace) -> list[Peer]:
    """The peers of the tables that were asked for; the first of all is the reference. Raises Trouble."""
    peers = read_table(TABLE, options.build.resolve())
    if options.table:
        peers += read_table(options.table, options.build.resolve())
    if not options.peers:
        return peers
    wanted = options.peers.split(",")
    unknown = [name for name in wanted if name not in [peer.name for peer in peers]]
    if unknown:
        known = ", ".join(peer.name for peer in peers)
        raise Trouble(f"--peers: {', '.join(unknown)}: not in the table, which has {known}")
    return [peers[0]] + [peer for peer in peers[1:] if peer.name in wanted]


if __name__ == "__main__":
    read_options(sys.argv[1:])
