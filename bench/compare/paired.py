"""paired - cases in slices: the CPU of each peer beside the reference's, and the limit among them."""

from __future__ import annotations

import random
from typing import Sequence

from .budget import Deadline
from .calm import Always, Calm
from .cases import Case
from .contenders import ServerUnderLoad
from .limit import Limit
from .ratios import ONE, low, ratio_of
from .results import Result, Row
from .slices import Contender, Slices
from .stage import Stage

FIRST_SHARE = 0.75  # of a case's time; the rest is for taking again what disagrees
REPEATS = 2
COMPLETE = "complete"


def measure_paired(stage: Stage, case: Case, deadline: Deadline, dice: random.Random) -> Result:
    with stage.servers(case.credential, case.workers) as (servers, missing):
        reference, *others = [ServerUnderLoad(server, stage.load, case) for server in servers]
        limit = stage.limit(case)
        slices = take_until_agreed(reference, [*others, limit], deadline, dice, stage.calm)
    rows = [reference_row(slices, reference), row_of(slices, limit), *(row_of(slices, other) for other in others)]
    rows += [Row(name, why=why) for name, why in missing.items()]
    shared = case.workers > 1 and not stage.has_free_cores(case.workers)
    note = "the clients share a core with the second worker, for want of a third core" if shared else ""
    return Result(case.name, case.title, case.unit, rows, agrees(rows), note)


def measure_mended(stage: Stage, case: Case, deadline: Deadline, dice: random.Random) -> Result:
    """The reference against itself: with the leaf alone, which it mends, and with the complete chain in its file."""
    with stage.server(stage.reference, "mended") as mending, stage.server(stage.reference, COMPLETE) as serving:
        mended, complete = (ServerUnderLoad(server, stage.load, case) for server in (mending, serving))
        complete.name = COMPLETE
        slices = take_until_agreed(mended, [complete], deadline, dice, stage.calm)
    rows = [reference_row(slices, mended), row_of(slices, complete)]
    ratio = rows[1].over_reference
    note = "" if ratio is None else f"mended over complete: {1 / ratio.of_low:.3f}, by pairs {1 / ratio.of_pairs:.3f}"
    return Result(case.name, case.title, case.unit, rows, agrees(rows), note)


def take_until_agreed(reference: Contender, contenders: Sequence[Contender], deadline: Deadline,
                      dice: random.Random, calm: Calm | Always = Always()) -> Slices:
    """Slices for the first share of the time; more, while both ways of taking a ratio disagree about somebody."""
    slices = Slices(calm=calm)
    slices.take(reference, contenders, deadline.part(FIRST_SHARE), dice)
    for repeat in range(REPEATS):
        if deadline.left() == 0 or all_agree(slices):
            break
        slices.take(reference, contenders, deadline.part(1 / (REPEATS - repeat)), dice, min_rounds=1)
    return slices


def all_agree(slices: Slices) -> bool:
    return all(ratio_of(series, slices.reference).agrees for series in slices.of.values())


def agrees(rows: Sequence[Row]) -> bool:
    return all(row.over_reference is None or row.over_reference.agrees for row in rows)


def reference_row(slices: Slices, reference: ServerUnderLoad) -> Row:
    if not slices.reference:
        return Row(reference.name, failed_slices=slices.failed.get(reference.name, 0), why=reference.why)
    return Row(reference.name, low(slices.reference), ONE, len(slices.reference),
               slices.failed.get(reference.name, 0), more=reference.more())


def row_of(slices: Slices, contender: ServerUnderLoad | Limit) -> Row:
    series = slices.of.get(contender.name)
    failed = slices.failed.get(contender.name, 0)
    if series is None:
        return Row(contender.name, failed_slices=failed, why=contender.why)
    return Row(contender.name, low(series.values), ratio_of(series, slices.reference), len(series.values), failed,
               more=contender.more())
