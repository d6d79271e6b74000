"""Check a deadline proof offline: ``python verify_deadline_proof.py proof.json [letter.pdf]``.

Needs nothing but Python. It holds the proof against its own seal, the letter's PDF and the channel's receipts against
the hash in it, and counts the days anew with a calendar of its own (Norwegian holidays from the date of Easter). The
seal tells whether the file was changed; that it came from the collector is for whoever handed it over to vouch for.
Exit status 0 and "OK" when everything holds, 1 and a line for each thing that does not, 2 for a file that is no proof.
"""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import date, timedelta
from pathlib import Path

DAYS_REQUIRED = 14
GRACE_BANK_DAYS = 3
DAY = timedelta(days=1)


def say(line: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{line}\n")


def easter(year: int) -> date:
    """Easter Sunday (Gauss, Meeus)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, day + 1)


def is_holiday(day: date) -> bool:
    """Norwegian public holidays: five fixed, seven by Easter."""
    if (day.month, day.day) in {(1, 1), (5, 1), (5, 17), (12, 25), (12, 26)}:
        return True
    return (day - easter(day.year)).days in {-3, -2, 0, 1, 39, 49, 50}


def is_working_day(day: date) -> bool:
    """Monday to Friday and no holiday."""
    return day.weekday() < 5 and not is_holiday(day)


def is_bank_day(day: date) -> bool:
    """A working day that is not 24 or 31 December."""
    return is_working_day(day) and (day.month, day.day) not in {(12, 24), (12, 31)}


def kind(day: date) -> str:
    """What a day counts as."""
    if is_holiday(day):
        return "holiday"
    return {5: "saturday", 6: "sunday"}.get(day.weekday(), "working_day")


def check(proof: dict, pdf: bytes | None) -> list[str]:
    """Return everything that does not hold."""
    rest = {name: value for name, value in proof.items() if name != "seal"}
    canonical = json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    wrong = []
    if hashlib.sha256(canonical.encode()).hexdigest() != proof["seal"]:
        wrong.append("seal: the proof was changed after it was made")
    letter, sending = proof["letter"], proof["sending"]
    if pdf is not None and hashlib.sha256(pdf).hexdigest() != letter["sha256"]:
        wrong.append("letter: the PDF is not the one that was sent")
    wrong += check_sending(letter, sending)
    if proof["count"] is not None:
        wrong += check_count(date.fromisoformat(sending["sent_on"]), proof["count"])
    return wrong


def check_sending(letter: dict, sending: dict) -> list[str]:
    """Hold the days and the receipts against the letter."""
    wrong = []
    if not sending["submitted_on"] <= sending["dispatched_on"] or sending["sent_on"] < sending["submitted_on"]:
        wrong.append("sending: the days are out of order")
    for receipt in sending["receipts"]:
        for name, expected in (("letter_id", letter["letter_id"]), ("sha256", letter["sha256"])):
            if receipt.get(name, expected) != expected:
                wrong.append(f"receipt: {name} is not the letter's")
        if receipt.get("sent_on") not in (None, sending["sent_on"]):
            wrong.append("receipt: another day of sending")
    return wrong


def check_count(sent_on: date, count: dict) -> list[str]:
    """Count the days anew."""
    wrong = []
    deadline = date.fromisoformat(count["deadline"])
    earliest = sent_on + DAYS_REQUIRED * DAY
    is_lawful = deadline >= earliest and is_working_day(deadline)
    if not is_lawful:
        wrong.append("deadline: less than fourteen days, or not a working day")
    if (count["earliest_lawful"], count["days_given"], count["is_lawful"]) != (
        earliest.isoformat(),
        (deadline - sent_on).days,
        is_lawful,
    ):
        wrong.append("count: the days given are not those between sending and deadline")
    days = [sent_on + n * DAY for n in range((deadline - sent_on).days + 1)]
    expected = [{"n": n, "date": day.isoformat(), "kind": kind(day)} for n, day in enumerate(days)]
    if count["days"] != expected:
        wrong.append("count: a day is missing, doubled or called what it is not")
    grace, day, bank_days = [], deadline, 0
    while bank_days < GRACE_BANK_DAYS:
        day += DAY
        bank_days += is_bank_day(day)
        row = {"n": len(grace) + 1, "date": day.isoformat(), "kind": kind(day), "is_bank_day": is_bank_day(day)}
        grace.append(row)
    day += DAY
    while not is_working_day(day):
        day += DAY
    if count["grace"] != grace or count["next_step_from"] != day.isoformat():
        wrong.append("grace: not three bank days and the working day after them")
    return wrong


def main(arguments: list[str]) -> int:
    """Check the files that are named."""
    if len(arguments) not in (1, 2):
        say(__doc__ or "")
        return 2
    try:
        proof = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
        if (proof["format"], proof["version"]) != ("innkreving.deadline-proof", 1):
            raise ValueError("another format or version")
        wrong = check(proof, Path(arguments[1]).read_bytes() if len(arguments) == 2 else None)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        say(f"no proof that can be read: {type(fault).__name__}: {fault}")
        return 2
    for line in wrong:
        say(line)
    if wrong:
        return 1
    letter, sending, count = proof["letter"], proof["sending"], proof["count"]
    say(f"OK: {letter['kind']} {letter['letter_id']} sent {sending['sent_on']} through {sending['channel']}")
    if count is not None:
        say(f"deadline {count['deadline']}: {count['days_given']} days; next step from {count['next_step_from']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
