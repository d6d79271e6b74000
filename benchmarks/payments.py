"""Payments: a bank file on its way to the ledger and out as events of cases, on real Kafka and real PostgreSQL.

Both parts are as durable as in production (fsync on, every acknowledgement waited for) and run on this machine, beside
the services: the broker and the database take their share of the same processors, so the CPU time of each is told too.
Each payment pays one claim in full by its KID: one claim a case, four rows of the ledger, two events of the case.

- *stages*: a file's stages one after the other, in one process, where ten thousand cases are open;
- *what follows* of the same payments: matching learns of the cases, the units' feeds and the vouchers are written;
- *whole*: each service a process of its own, from the upload to the last case event on the bus. What follows runs at
  the same time: the whole costs the stages, what follows, and what all of them take when there is nothing to do;
- peers in the same run: pgbench's simple update, an ORM object per row with a transaction per payment, and a bare COPY
  of the rows that were left, indexes included;
- *many cases*: the stages again where a million cases are open.

A smaller ``--size`` makes the files and the large town smaller: payments of a file of the whole way, at most 10 000,
and a hundred cases each.
"""

from __future__ import annotations

from itertools import islice
from statistics import median
from typing import Any

FEW_CASES = 10_000
MANY_CASES = 1_000_000
CASES_EACH = 100
PAYMENTS_MAX = 10_000
STAGED_MAX = 2_500
"""Payments of a file whose stages are measured: a few files must find open cases in the small town."""
ORM_PAYMENTS = 300

RATE, TO_PGBENCH, TO_OBJECTS, TO_COPY, MORE_WITH_CASES = 5_000, 2, 20, 0.2, 1.2


def run(bench: Any) -> None:
    """Measures the stages among few cases and among many, the whole way, and the peers."""
    from paying.parts import running
    from paying.town import build

    from shared.clock import SystemClock

    today = SystemClock().today()
    payments = min(bench.size, PAYMENTS_MAX)
    staged = min(payments, STAGED_MAX)
    with running() as parts:
        few = build(parts, max(FEW_CASES, staged * (bench.rounds + 1)), today)
        small = _stages(bench, few, staged)
        many = build(parts, max(few.cases, min(MANY_CASES, CASES_EACH * payments)), today)
        large = _stages(bench, many, staged)
        town = build(parts, payments * (bench.rounds + 3) + ORM_PAYMENTS, today)
        _whole_and_peers(bench, town, payments)
    what = f"payments: cost with {many.cases} open cases beside {few.cases}"
    bench.promise(what, large / small, at_most=MORE_WITH_CASES)


def _stages(bench: Any, town: Any, payments: int) -> float:
    """Measure the stages of files, after one that warms up; returns seconds of CPU time a payment took in all."""
    from paying.stages import walks

    found = walks(town, payments, bench.rounds)
    totals = [sum(cost.total_cpu_s for cost in costs.values()) / payments for costs in found]
    middle = found[totals.index(sorted(totals)[len(totals) // 2])]
    bench.say(f"  {town.cases} open cases, files of {payments} payments, the middle of {bench.rounds} rounds")
    for name, cost in middle.items():
        bench.say(cost.line(name, payments))
    bench.say(f"  {'all stages':22} {'':11}   {median(totals) * 1e6:6.0f} us CPU each")
    return median(totals)


def _whole_and_peers(bench: Any, town: Any, payments: int) -> None:
    from paying.peers import bare_copy, marks, objects, simple_update
    from paying.stages import FOLLOWS, STAGES, walks
    from paying.whole import idle, rest, served, upload

    rest(town)
    (walked,) = walks(town, payments, 1, follows=True)
    for name in FOLLOWS:
        bench.say(walked[name].line(name, payments))
    with served(town) as address:
        since = marks(town)
        upload(town, address, payments)
        written = payments
        costs = [upload(town, address, payments) for _ in range(bench.rounds)]
        written += payments * bench.rounds
        resting = idle(town)
    for cost in costs:
        bench.say(cost.line("whole", payments))
    middle = sorted(costs, key=lambda cost: cost.wall_s)[len(costs) // 2]
    known = {
        "stages": sum(walked[name].total_cpu_s for name in STAGES),
        "what follows": sum(walked[name].total_cpu_s for name in FOLLOWS),
        "idle": resting.total_cpu_s / resting.wall_s * middle.wall_s,
    }
    known["the rest"] = middle.total_cpu_s - sum(known.values())
    told = "  ".join(f"{name} {used / payments * 1e6:.0f}" for name, used in known.items())
    bench.say(f"  {'of the whole':22} {told} us CPU each")
    whole = payments / median(cost.wall_s for cost in costs)
    by, updates = simple_update(town.parts)
    bench.say(f"  {f'simple update ({by})':22} {updates:8.0f} /s")
    each = objects(town, list(islice(town.unpaid, ORM_PAYMENTS)))
    bench.say(f"  {'an object per row':22} {each:8.0f} /s")
    copied = bare_copy(town, since, written)
    bench.say(f"  {'bare COPY':22} {copied:8.0f} /s")
    bench.promise("payments: file to case event, payments/s", whole, at_least=RATE)
    bench.promise("payments: beside pgbench simple update", whole / updates, at_least=TO_PGBENCH)
    bench.promise("payments: beside an ORM object per row", whole / each, at_least=TO_OBJECTS)
    bench.promise("payments: beside a bare COPY of the same rows", whole / copied, at_least=TO_COPY)
