"""One bank file from its bytes to booked payments on SQLite: read and proved, then released batch by batch.

Half-way the service is put away as a process that dies would leave it, and another one goes on with the same folder. At
the end everything must be there once. What a batch costs must not grow with what is booked already, nor memory with the
file.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

ACCOUNT, DAY = "13150101837", date(2026, 3, 2)
PER_CASE = 4
STRANGER_EVERY = 100
INSERTED_AT_ONCE = 5_000
GROWTH_MAX_MIB = 96
SLOWER_MAX = 2.5
"""What the indexes' pages cost once they outgrow the database's cache; looking through what is booked costs tens."""


class Spent(NamedTuple):
    """Seconds of a piece of work: of this process's CPU, and by the clock on the wall."""

    cpu_s: float
    wall_s: float


def run(bench: Any) -> None:
    """Takes in a file of ``bench.size`` payments once; memory is what this process holds beyond the finished file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(  # noqa: S603 - our own interpreter, this very file: making the file must not count as memory
            [sys.executable, __file__, str(folder), str(bench.size)], env={"PYTHONPATH": ":".join(sys.path)}, check=True
        )
        service = opened(folder)
        learn_cases(service, -(-bench.size // PER_CASE))
        before = peak_mib()
        staging = spend(lambda: work(service, "inbox", "inbox", "stage"))
        half = released(service, bench.size // 2)
        service.db.close()
        service = opened(folder)
        rest = released(service, bench.size)
        grown = peak_mib() - before
        batches = half + rest
        tell(bench, staging, batches)
        bench.promise("release, payments missing or twice after it was cut off", wrong(service, bench.size), at_most=0)
        quarter = max(1, len(batches) // 4)
        first, last = (median(b.cpu_s for b in part) for part in (batches[:quarter], batches[-quarter - 1 : -1]))
        bench.promise("release, time of the last batches beside the first", last / first, at_most=SLOWER_MAX)
        bench.promise("staging and release, resident growth in MiB", grown, at_most=GROWTH_MAX_MIB)
        service.db.close()


def opened(folder: Path) -> Any:
    """The service on its folder, with nothing in memory."""
    from payments_ingest.app import MIGRATIONS, build
    from payments_ingest.settings import Settings
    from shared.bus.embedded import EmbeddedBus
    from shared.clock import ManualClock, SystemMachine
    from shared.migrate import upgrade

    machine = SystemMachine()
    settings = Settings(data_dir=folder, inbox_settle_s=0, file_max_bytes=10**9, file_payments_max=10**7)
    service = build(settings, EmbeddedBus(folder / "bus.db", machine=machine), ManualClock(DAY), machine)
    upgrade(service.db, MIGRATIONS)
    return service


def kid_of(case: int) -> str:
    from shared.kid import KidKind, make_case_number, make_kid

    return make_kid(KidKind.CLAIM, make_case_number(2026, case + 1), 1)


def drop_file(folder: Path, count: int) -> None:
    """An OCR file in the drop folder: each case is paid to a few times, and one payment in a hundred names nothing."""
    from payments_ingest.formats import OcrPayment, make_ocr_file

    payments = (
        OcrPayment(
            amount_ore=100_00 + number,
            kid=f"9{number:012}0" if number % STRANGER_EVERY == 0 else kid_of(number // PER_CASE),
            payer_account="86011117947",
            serial=1 + number % 90_000,
        )
        for number in range(count)
    )
    inbox = folder / "bank" / "inbox"
    inbox.mkdir(parents=True)
    (inbox / "day.txt").write_bytes(make_ocr_file(ACCOUNT, payments, 1, DAY))


def learn_cases(service: Any, count: int) -> None:
    """What matching knows after the cases were registered."""
    from payments_ingest.tables import KnownCaseRow, KnownKidRow
    from shared.db import table_of
    from shared.kid import make_case_number

    for first in range(0, count, INSERTED_AT_ONCE):
        serials = range(first, min(count, first + INSERTED_AT_ONCE))
        cases = [
            {
                "case_id": f"case-{serial}",
                "case_number": make_case_number(2026, serial + 1),
                "creditor_unit": "bydel-frogner",
                "account": ACCOUNT,
                "opened_on": DAY,
            }
            for serial in serials
        ]
        kids = [
            {"kid": kid_of(serial), "case_id": f"case-{serial}", "claim_id": f"claim-{serial}"} for serial in serials
        ]
        with service.uow() as uow:
            uow.tx.execute(table_of(KnownCaseRow).insert(), cases)
            uow.tx.execute(table_of(KnownKidRow).insert(), kids)


def work(service: Any, *names: str) -> int:
    """Runs these jobs, each once; returns what the last one did."""
    jobs = {job.name: job for job in service.jobs}
    done = 0
    for name in names:
        done = jobs[name].run(service)
    return done


def released(service: Any, until: int) -> list[Spent]:
    """Releases batches until so many payments are released or the file is done; what each cost."""
    from payments_ingest.store import files

    batches: list[Spent] = []
    while True:
        with service.db.read() as tx:
            (file,) = files.list_files(tx, state=None, after=None, limit=1)
        if file.finished_at is not None or (file.released_count >= until and file.released_count < file.staged_count):
            return batches
        batches.append(spend(lambda: work(service, "release")))


def wrong(service: Any, count: int) -> int:
    """How many payments are not there, are there twice, or were not told exactly once."""
    from sqlalchemy import func, select

    from payments_ingest.store.files import STAGED
    from payments_ingest.store.payments import PAYMENTS

    events = service.tables.events
    with service.db.read() as tx:
        there = tx.execute(select(func.count(), func.count(PAYMENTS.c.position.distinct())).select_from(PAYMENTS)).one()
        told = tx.execute(select(func.count()).select_from(events)).scalar_one()
        staged = tx.execute(select(func.count()).select_from(STAGED)).scalar_one()
        total = tx.execute(select(func.sum(PAYMENTS.c.amount_ore))).scalar_one()
    expected = sum(100_00 + number for number in range(count))
    return int(abs(there[0] - count) + abs(there[1] - count) + abs(told - count) + staged + (total != expected))


def tell(bench: Any, staging: Spent, batches: list[Spent]) -> None:
    release = Spent(sum(b.cpu_s for b in batches), sum(b.wall_s for b in batches))
    for what, spent in (("reading and proving", staging), ("releasing", release)):
        bench.say(
            f"  {what:20} {bench.size / spent.wall_s:9,.0f} payments/s  ({spent.wall_s:.1f} s,"
            f" {spent.cpu_s / bench.size * 1e6:.0f} us of CPU a payment)"
        )
    longest = max(batch.wall_s for batch in batches)
    bench.say(f"  {len(batches)} batches, the longest {longest * 1000:.0f} ms")


def spend(work: Any) -> Spent:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Spent(time.process_time() - cpu, time.perf_counter() - wall)


def peak_mib() -> float:
    """The most memory this process has held."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    drop_file(Path(sys.argv[1]), int(sys.argv[2]))
