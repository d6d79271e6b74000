"""The fields of OCR giro and AvtaleGiro records: where they stand, and how dates and text are written in them.

System specification OCR giro (Nets), records of 80 characters. Positions there count from 1; the slices here are
Python's. Amounts are øre, dates DDMMYY, numbers zero-filled on the left; the KID alone is blank-filled on the left.
"""

from __future__ import annotations

from datetime import date

LENGTH = 80

# Every record
HEADER = slice(0, 8)
SERVICE = slice(2, 4)
TYPE = slice(4, 6)
RECORD = slice(6, 8)
PAIR = slice(0, 15)  # header and transaction number

# Start of transmission (10)
SENDER = slice(8, 16)
TRANSMISSION_NO = slice(16, 23)
RECIPIENT = slice(23, 31)

# Start of assignment (20)
AGREEMENT = slice(8, 17)
ASSIGNMENT_NO = slice(17, 24)
ACCOUNT = slice(24, 35)

# Amount items 1 (30), 2 (31) and 3 (32)
TX_NO = slice(8, 15)
NETS_DATE = slice(15, 21)
SETTLEMENT = slice(21, 31)  # centre, day code, partial settlement, serial: with the date, one line on the statement
SIGN = slice(31, 32)
AMOUNT = slice(32, 49)
KID = slice(49, 74)
FORM_NO = slice(15, 25)
ARCHIVE = slice(25, 34)
BANK_DATE = slice(41, 47)
DEBIT_ACCOUNT = slice(47, 58)
TEXT = slice(15, 55)

# Ends of assignment (88) and transmission (89)
TX_COUNT = slice(8, 16)
RECORD_COUNT = slice(16, 24)
TOTAL = slice(24, 41)
END_DATE = slice(41, 47)
EARLIEST = slice(47, 53)
LATEST = slice(53, 59)

BANK = "00008080"
AVTALEGIRO_SERVICE = "21"

#: What the transaction types mean, with the specification's Norwegian names.
TRANSACTION_TYPES: dict[str, str] = {
    "10": "giro belastet konto",
    "11": "faste oppdrag",
    "12": "direkte remittering",
    "13": "bedriftsterminalgiro",
    "14": "skrankegiro",
    "15": "AvtaleGiro",
    "16": "telegiro",
    "17": "giro betalt kontant",
    "18": "terminal/internett: reversering med KID",
    "19": "terminal/internett: kjøp med KID",
    "20": "terminal/internett: reversering med fritekst",
    "21": "terminal/internett: kjøp med fritekst",
}
REVERSALS = frozenset({"18", "20"})
WITH_TEXT = frozenset({"20", "21"})
WITHOUT_TEXT = frozenset(TRANSACTION_TYPES) - WITH_TEXT
SILENT_CREDITS = WITHOUT_TEXT - REVERSALS

#: Two-digit years from here on belong to the 1900s: the specification's own test files are of 1992.
CENTURY_PIVOT = 90

_CP1252 = {byte: bytes([byte]).decode("cp1252", "replace").replace("�", " ") for byte in range(0x80, 0xA0)}
_TEXT = {**dict.fromkeys(range(0x20), " "), 0x7F: " ", **_CP1252}


def parse_date(field: str) -> date | None:
    """The day a DDMMYY field names, None when it names none (zeros, blanks, 31 February)."""
    if len(field) != 6 or not field.isdecimal():
        return None
    year = int(field[4:6])
    try:
        return date(year + (1900 if year >= CENTURY_PIVOT else 2000), int(field[2:4]), int(field[0:2]))
    except ValueError:
        return None


def format_date(day: date | None) -> str:
    """The DDMMYY field of a day; zeros for None. Days outside 1990-2089 raise ValueError: they would not come back."""
    if day is None:
        return "000000"
    if not 1900 + CENTURY_PIVOT <= day.year < 2000 + CENTURY_PIVOT:
        raise ValueError(f"a year from {1900 + CENTURY_PIVOT} to {1999 + CENTURY_PIVOT} is expected, got {day.year}")
    return day.strftime("%d%m%y")


def parse_text(field: str) -> str:
    """A text field as a person wrote it: bytes 80-9F, which ISO-8859-1 has no letters for, are read as Windows-1252."""
    return field.translate(_TEXT).strip()
