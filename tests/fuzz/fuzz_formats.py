"""Throws damaged bank files at the readers for as long as asked: nothing but a refusal may come back.

    python tests/fuzz/fuzz_formats.py ocr|camt|pain [SECONDS]

With atheris, when it is installed, the damage follows the code's branches; else it is random, from a printed seed.
"""

from __future__ import annotations

import importlib.util
import io
import random
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "services" / "payments-ingest")]

GUIDED = importlib.util.find_spec("atheris") is not None


def watched() -> AbstractContextManager[object]:
    """Lets atheris, when it is installed, see the branches of the readers that are imported inside."""
    if not GUIDED:
        return nullcontext()
    import atheris

    imports: AbstractContextManager[object] = atheris.instrument_imports(include=["payments_ingest.formats"])
    return imports


with watched():
    from support.bank_files import CREATED, booked, camt053, camt054, mandates, ocr_file

    from payments_ingest.formats import FileRefused, Limits, OcrPayment, detect, read
    from payments_ingest.formats.camt_write import CamtTransaction
    from payments_ingest.formats.ocr_write import OcrAssignment
    from payments_ingest.formats.pain002_write import Answer, write_pain002

PAYMENTS = (
    OcrPayment(amount_ore=100, kid="123456782"),
    OcrPayment(amount_ore=200, type_code="21", text="sak 12"),
    OcrPayment(amount_ore=50, kid="1234567-", negative=True),
    OcrPayment(amount_ore=40, type_code="18"),
)
ENTRIES = (
    booked(
        CamtTransaction(amount_ore=100, parts=(("11", 40), ("22", 60))), CamtTransaction(amount_ore=5, texts=("a",))
    ),
    booked(CamtTransaction(amount_ore=70, end_to_end_id="R1", return_code="AC04"), credit=False, reversal=True),
)
SEEDS = {
    "ocr": [ocr_file(OcrAssignment(account="13150101837", payments=PAYMENTS), mandates("1"))],
    "camt": [write(*ENTRIES, version=version) for write in (camt053, camt054) for version in ("02", "08")],
    "pain": [write_pain002("M1", [Answer(end_to_end_id="R1", status="RJCT", reasons=("AC04",))], created=CREATED)],
}
LIMITS = Limits(bytes=1_000_000, problems=20, held=1)


def attempt(data: bytes) -> bool:
    """Whether the file was accepted; anything but a refusal escapes."""
    file_format = detect(data)
    if file_format is None:
        return False
    try:
        for _ in read(io.BytesIO(data), file_format, limits=LIMITS):
            pass
    except FileRefused:
        return False
    return True


def damaged(seed: bytes, chance: random.Random) -> bytes:
    """The seed with one to five cuts, repetitions, overwritten or inserted bytes."""
    data = bytearray(seed)
    for _ in range(chance.randint(1, 5)):
        place, length = chance.randrange(len(data) + 1), chance.choice((0, 1, 1, 2, 9, 81, 400))
        other = chance.randrange(len(data) + 1)
        new = chance.choice((b"", chance.randbytes(length), bytes(data[other : other + length])))
        data[place : place + chance.choice((0, len(new), length))] = new
    return bytes(data)


def at_random(seeds: list[bytes], seconds: float) -> None:
    seed = random.SystemRandom().getrandbits(32)
    chance, tried, accepted, until = random.Random(seed), 0, 0, time.monotonic() + seconds
    print(f"seed {seed}")
    while time.monotonic() < until:
        accepted += attempt(damaged(chance.choice(seeds), chance))
        tried += 1
    print(f"{tried} files: {tried - accepted} refused, {accepted} accepted, nothing else")


def guided(parser: str, seeds: list[bytes], seconds: float) -> None:
    import atheris

    folder = ROOT / ".cache" / "fuzz" / parser
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number}").write_bytes(seed)
    options = [f"-max_total_time={int(seconds)}", "-max_len=20000", "-timeout=10", "-rss_limit_mb=1000"]
    atheris.Setup([sys.argv[0], *options, str(folder)], lambda data: attempt(data) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    chosen = SEEDS[sys.argv[1]]
    duration = float(sys.argv[2]) if len(sys.argv) > 2 else 30.0
    if GUIDED:
        guided(sys.argv[1], chosen, duration)
    else:
        at_random(chosen, duration)
