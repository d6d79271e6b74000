"""What codes say to people, in Norwegian bokmål."""

from __future__ import annotations

REASONS = {
    "kid_in_text": "KID-en til saken står i meldingen",
    "number_with_word": "Saksnummeret står i meldingen, etter et ord som «saksnr»",
    "number": "Saksnummeret står i meldingen",
    "number_pieced": "Saksnummeret kan settes sammen av tall i meldingen",
    "number_mended": "Bokstaver i meldingen er lest som tall",
    "one_slip": "Tallet i meldingen er én tastefeil fra saksnummeret eller KID-en",
    "invoice": "Fakturanummeret står i meldingen",
    "amount": "Beløpet er det som er krevd eller gjenstår",
    "name": "Betalerens navn er skyldnerens",
    "family_name": "Betaleren har et navn felles med skyldneren",
    "account": "Kontoen har betalt til saken før",
    "other_name": "Betaleren har et annet navn enn skyldneren",
    "too_much": "Beløpet er større enn det som skyldes",
    "closed": "Saken er avsluttet",
    "several": "Meldingen nevner flere saker",
    "unknown_number": "Meldingen har også et saksnummer som ikke finnes",
    "denied": "Meldingen sier at noe ikke stemmer («ikke», «feil»)",
    "payout": "En utbetaling på saken kom i retur",
}

WAITING = {
    "unknown_kid": "KID-en er ikke kjent",
    "no_reference": "Betalingen sier ikke hva den gjelder",
    "doubtful": "Det er ikke sikkert hvilken sak betalingen gjelder",
    "possible_duplicate": "Betalingen kan være meldt før",
    "linked": "Samme betaling er meldt i en annen kanal",
    "duplicate": "Banken har merket linjen som en kopi",
    "unknown_payment": "Banken har tilbakeført en betaling som ikke er funnet",
    "undone": "Koblingen ble angret",
    "payout_returned": "En utbetaling kom i retur",
    "payout_refused": "Pengene kunne ikke settes av til utbetaling",
    "payout_rejected": "Banken avviste utbetalingen",
    "refund_withdrawn": "Tilbakebetalingen ble trukket",
    "unknown_type": "Banken brukte en transaksjonstype vi ikke kjenner",
    "sign_unclear": "Fortegnet på linjen er uklart",
    "lump": "Banken meldte en sum uten enkeltbetalinger",
    "batch_mismatch": "Enkeltbetalingene går ikke opp i summen banken bokførte",
    "split_unclear": "Betalingen har flere referanser uten beløp for hver",
    "returned": "Betalingen er en retur",
}

BLOCKED = {
    "no_account": "Banken har ikke oppgitt hvilken konto pengene kom fra. Oppgi mottakerens konto",
    "account_not_payable": "Kontoen er verken norsk eller en IBAN. Oppgi en konto det kan betales til",
    "bic_missing": "Kontoen er i utlandet, og bankens BIC mangler. Oppgi BIC",
}


def reason_text(code: str) -> str:
    """Return what a reason for a suggestion says."""
    return REASONS.get(code, code)


def blocked_text(code: str | None) -> str | None:
    """Return why a proposed refund cannot be paid as it stands."""
    return BLOCKED[code] if code else None


def waiting_text(code: str | None) -> str | None:
    """Return what a payment waits for."""
    return WAITING.get(code, code) if code else None
