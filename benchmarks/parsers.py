"""Reading bank files, with every check on: OCR giro beside netsgiro, camt.054 beside pyiso20022 and a bare lxml loop.

Each reading is a process of its own, warmed up on a small file, and tells its CPU seconds and by how much its resident
memory grew. Files are made on the spot and of one shape; a peer that needs more memory than time reads a smaller one,
and is compared per payment.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

ACCOUNT, PAYER = "13150101837", "86011117947"
DAY, CREATED = date(2026, 3, 2), datetime.fromisoformat("2026-03-03T06:00:00")
BATCH = 1_000
ORACLE_SHARE = 10  # pyiso20022 keeps the whole message in memory: it reads a tenth, and is compared per payment
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.02"

ENTRY_PATHS = (
    *("NtryRef", "Amt", "CdtDbtInd", "Sts", "BookgDt/Dt", "ValDt/Dt", "AcctSvcrRef"),
    *("BkTxCd/Domn/Cd", "BkTxCd/Domn/Fmly/Cd", "BkTxCd/Domn/Fmly/SubFmlyCd"),
)
PAYMENT_PATHS = (
    *("Refs/AcctSvcrRef", "Refs/EndToEndId", "Refs/TxId", "AmtDtls/TxAmt/Amt", "RltdPties/Dbtr/Nm"),
    *("RltdPties/DbtrAcct/Id/Othr/Id", "RmtInf/Ustrd", "RmtInf/Strd/CdtrRefInf/Ref", "RltdDts/AccptncDtTm"),
)


class Reading(NamedTuple):
    """What one process measured."""

    cpu_s: float
    grown_mib: float
    payments: int

    @property
    def us(self) -> float:
        """Microseconds a payment."""
        return self.cpu_s / self.payments * 1e6


def run(bench: Any) -> None:
    """Makes the files, reads each with ours and its peers in turn, and compares."""
    packages = ("netsgiro", "pyiso20022", "xsdata", "lxml")
    bench.say(
        f"  {', '.join(f'{name} {version(name)}' for name in packages)}; {bench.rounds} rounds of {bench.size} payments"
    )
    with tempfile.TemporaryDirectory() as folder:
        _ocr(bench, Path(folder))
        for shape, per_entry in (("one payment an entry", 1), (f"{BATCH} payments an entry", BATCH)):
            _camt(bench, Path(folder), shape, per_entry)


def _ocr(bench: Any, folder: Path) -> None:
    path = folder / "ocr.txt"
    path.write_bytes(ocr_file(bench.size))
    ours, peer = _in_turn(bench, ("ours_ocr", path), ("netsgiro", path))
    bench.promise("OCR giro, times as fast as netsgiro.parse", _ratio(peer, ours), at_least=15)
    bench.promise("OCR giro, resident growth in MiB", max(reading.grown_mib for reading in ours), at_most=32)


def _camt(bench: Any, folder: Path, shape: str, per_entry: int) -> None:
    bench.say(f"  {shape}")
    path, small = folder / "camt.xml", folder / "small.xml"
    write_camt(path, bench.size, per_entry)
    write_camt(small, bench.size // ORACLE_SHARE, per_entry)
    ours, bare, oracle = _in_turn(bench, ("ours_camt", path), ("bare_lxml", path), ("pyiso20022", small))
    bench.promise(f"camt.054, {shape}, times as fast as pyiso20022", _ratio(oracle, ours), at_least=10)
    bench.promise(f"camt.054, {shape}, time of a bare lxml.iterparse", _ratio(ours, bare), at_most=1.3)


def _in_turn(bench: Any, *cases: tuple[str, Path]) -> list[list[Reading]]:
    """Every case once a round, so that a busy machine is busy for all of them."""
    readings: list[list[Reading]] = [[] for _ in cases]
    for _ in range(bench.rounds):
        for (name, path), found in zip(cases, readings, strict=True):
            done = subprocess.run(  # noqa: S603 - our own interpreter, this very file
                [sys.executable, __file__, name, str(path)],
                env={"PYTHONPATH": ":".join(sys.path)},
                stdout=subprocess.PIPE,
                check=True,
            )
            found.append(Reading(*json.loads(done.stdout)))
    for (name, _), found in zip(cases, readings, strict=True):
        us, grown = median(reading.us for reading in found), max(reading.grown_mib for reading in found)
        note = "" if found[0].payments == bench.size else f" (n = {found[0].payments})"
        bench.say(f"    {name:12} {us:8.2f} us/payment  {1e6 / us:10,.0f} payments/s  +{grown:.0f} MiB{note}")
    return readings


def _ratio(above: list[Reading], below: list[Reading]) -> float:
    return median(one.us / other.us for one, other in zip(above, below, strict=True))


def ocr_file(count: int) -> bytes:
    """KID payments of every usual kind, one in ten with free text."""
    from payments_ingest.formats import OcrPayment, make_ocr_file

    kinds = ("10", "11", "13", "14", "15", "10", "11", "13", "15", "21")
    payments = (
        OcrPayment(
            amount_ore=100 + number % 900_000,
            kid="" if kinds[number % 10] == "21" else f"{number:014d}2",
            type_code=kinds[number % 10],
            text=f"saksnr {number}" if kinds[number % 10] == "21" else "",
            payer_account=PAYER,
            bank_date=date(2026, 2, 20 + number % 9),
            archive_ref=f"{number % 10**9:09d}",
            serial=1 + number % 90_000,
        )
        for number in range(count)
    )
    return make_ocr_file(ACCOUNT, payments, 1, DAY)


def write_camt(path: Path, count: int, per_entry: int) -> None:
    """One notification with its totals; all payments are alike but for their references and KID."""
    from payments_ingest.formats.camt_write import CamtAccount, CamtEntry, CamtTransaction, write_camt054

    transaction = CamtTransaction(
        amount_ore=100_050,
        parts=(("KKKKKKKKKKKKKKK", None),),
        payer_name="Kari Nordmann",
        payer_account=PAYER,
        bank_ref="ARRRRRRRRR",
        end_to_end_id="NOTPROVIDED",
        transaction_id="TRRRRRRRRR",
        accepted=datetime.fromisoformat("2026-03-01T12:00:00"),
    )
    entry = CamtEntry(
        transactions=(transaction,),
        amount_ore=100_050 * per_entry,
        booked_on=DAY,
        value_on=DAY,
        bank_ref="BEEEEEEEEE",
        entry_ref="EEEEEEEEE",
        batch_count=per_entry if per_entry > 1 else None,
    )
    account = CamtAccount(account=ACCOUNT, entries=(entry,), summary=False)
    whole = write_camt054(account, created=CREATED, version="02")
    total = f"{100_050 * count // 100}.{100_050 * count % 100:02d}"
    credits = f"<NbOfNtries>{count // per_entry}</NbOfNtries><Sum>{total}</Sum>"
    summary = f"<TxsSummry><TtlCdtNtries>{credits}</TtlCdtNtries></TxsSummry>"
    head, rest = whole.split(b"<Ntry>", 1)
    before, rest = rest.split(b"<TxDtls>", 1)
    payment, after = rest.split(b"</TxDtls>", 1)
    body, tail = after.split(b"</Ntry>", 1)
    with path.open("wb") as file:
        file.write(head + summary.encode())
        for first in range(0, count, per_entry):
            file.write(b"<Ntry>" + before.replace(b"EEEEEEEEE", b"%09d" % first))
            for number in range(first, first + per_entry):
                own = payment.replace(b"RRRRRRRRR", b"%09d" % number).replace(b"K" * 15, b"%015d" % number)
                file.write(b"<TxDtls>" + own + b"</TxDtls>")
            file.write(body + b"</Ntry>")
        file.write(tail)


def ours_ocr(source: io.BufferedReader) -> int:
    from payments_ingest.formats import Limits, read_ocr

    return sum(1 for _ in read_ocr(source, limits=Limits(bytes=10**10))) - 1


def ours_camt(source: io.BufferedReader) -> int:
    from payments_ingest.formats import Limits, read_camt054

    return sum(1 for _ in read_camt054(source, limits=Limits(bytes=10**10))) - 1


def netsgiro(source: io.BufferedReader) -> int:
    import netsgiro as peer

    (assignment,) = peer.parse(source.read().decode("latin-1")).assignments
    return len(assignment.transactions)


def pyiso20022(source: io.BufferedReader) -> int:
    from pyiso20022.camt.camt_054_001_02 import Document
    from xsdata.formats.dataclass.parsers import XmlParser

    message = XmlParser().from_bytes(source.read(), Document).bk_to_cstmr_dbt_cdt_ntfctn
    return sum(len(details.tx_dtls) for entry in message.ntfctn[0].ntry for details in entry.ntry_dtls)


def bare_lxml(source: io.BufferedReader) -> int:
    """The loop anyone would write: no check, no sum, no object, the fields read and dropped."""
    from lxml import etree

    entry_paths, payment_paths = _qualified(ENTRY_PATHS), _qualified(PAYMENT_PATHS)
    count = 0
    for _, element in etree.iterparse(source, tag=(f"{{{NAMESPACE}}}TxDtls", f"{{{NAMESPACE}}}Ntry")):
        if element.tag.endswith("TxDtls"):
            count += 1
            for path in payment_paths:
                element.findtext(path)
        else:
            for path in entry_paths:
                element.findtext(path)
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
    return count


def _qualified(paths: tuple[str, ...]) -> list[str]:
    return ["/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/")) for path in paths]


READERS: dict[str, Callable[[io.BufferedReader], int]] = {
    reader.__name__: reader for reader in (ours_ocr, ours_camt, netsgiro, pyiso20022, bare_lxml)
}


def warm_up(name: str) -> Iterator[bytes]:
    """A small file of the kind the reader reads."""
    if name in ("ours_ocr", "netsgiro"):
        yield ocr_file(20)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "small.xml"
        write_camt(path, 20, 1)
        yield path.read_bytes()


def measure(name: str, path: Path) -> Reading:
    """Reads ``path`` once in this process."""
    reader = READERS[name]
    for small in warm_up(name):
        reader(io.BufferedReader(io.BytesIO(small)))  # type: ignore[arg-type]
    before = peak_kib()
    with path.open("rb") as source:
        started = time.process_time()
        count = reader(source)
        cpu_s = time.process_time() - started
    return Reading(cpu_s, (peak_kib() - before) / 1024, count)


def peak_kib() -> int:
    """The most memory this process has held; unlike getrusage it does not begin with what its parent held."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1])


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
