"""The API's codes in Norwegian, days as people write them, and one of something or several."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from shared.calendar import OSLO

CLAIM_TYPES: Mapping[str, str] = {
    "kindergarten": "barnehage",
    "after_school": "aktivitetsskole",
    "emergency_clinic": "legevakt",
    "dental_emergency": "tannlegevakt",
    "library_replacement": "bibliotekerstatning",
    "nursing_home": "sykehjem",
    "home_care": "hjemmetjenester",
    "rent": "husleie",
    "coercive_fine": "tvangsmulkt",
    "other_invoice": "annen faktura",
}

CLAIM_STATES: Mapping[str, str] = {
    "received": "mottatt",
    "hearing": "til gjennomsyn",
    "accepted": "inndrives",
    "disputed": "bestridt",
    "plan": "avdragsavtale",
    "legal": "rettslig",
    "settled": "gjort opp",
    "withdrawn": "trukket",
    "written_off": "avskrevet",
    "time_barred": "foreldet",
}

LETTERS: Mapping[str, str] = {
    "tvangsvarsel": "varsel om tvangsfullbyrdelse",
    "fee_reversed": "gebyr tilbakeført",
    "confirmation": "bekreftelse",
    "request_received": "søknad mottatt",
    "deferral_granted": "utsettelse gitt",
    "deferral_refused": "utsettelse avslått",
    "plan_agreed": "avdragsavtale",
    "plan_changed": "avdragsavtale endret",
    "plan_change_refused": "endring av avdragsavtale avslått",
    "plan_refused": "avdragsavtale avslått",
    "plan_reminder": "påminnelse om avdrag",
    "plan_broken": "avdragsavtale brutt",
    "plan_kept": "avdragsavtale fullført",
    "objection_received": "innsigelse mottatt",
    "objection_preliminary": "foreløpig svar på innsigelse",
    "objection_decided": "svar på innsigelse",
    "objection_withdrawn": "innsigelse trukket",
    "message_answered": "svar på henvendelse",
}

LETTER_STATES: Mapping[str, str] = {
    "planned": "planlagt",
    "rendered": "laget",
    "released": "frigitt",
    "submitting": "leveres",
    "dispatched": "levert",
    "sent": "sendt",
    "withdrawn": "trukket",
    "failed": "feilet",
}

FILE_STATES: Mapping[str, str] = {
    "processing": "leses",
    "accepted": "godtatt",
    "partly_accepted": "delvis godtatt",
    "refused": "avvist",
    "duplicate": "kjent fra før",
    "held": "venter på et menneske",
}

STEPS: Mapping[str, str] = {
    "tvangsvarsel": "varsel om tvangsfullbyrdelse",
    "legal_step": "rettslig steg",
    "dispatch": "utsending",
    "hold_end": "slutt på stans",
    "instalment": "avdrag",
    "answer": "svar",
    "approval": "godkjenning",
    "submission": "innsending",
    "outcome": "utfall",
    "payment": "betaling",
    "review": "gjennomgang",
    "none": "–",
}

LEGAL_STATES: Mapping[str, str] = {
    "proposed": "foreslått",
    "approved": "godkjent",
    "refused": "avvist",
    "dropped": "frafalt",
    "submitted": "sendt inn",
    "to_withdraw": "må trekkes",
    "decided": "avgjort",
    "enforced": "gjennomført",
    "closed": "avsluttet",
}

LEGAL_KINDS: Mapping[str, str] = {"complaint": "klage"}

BODIES: Mapping[str, str] = {
    "forliksraad": "forliksrådet",
    "husleietvistutvalg": "Husleietvistutvalget",
    "namsmann": "namsmannen",
    "unit": "enheten",
}

OWNERS: Mapping[str, str] = {
    "platform": "plattformen",
    "debtor": "skyldneren",
    "agency": "enheten",
    "caseworker": "saksbehandler",
    "court": "domstolen eller namsmannen",
    "operator": "operatør",
    "unit": "enheten",
    "statsforvalter": "Statsforvalteren",
    "complaint_body": "klageinstansen",
    "nobody": "ingen",
}

PROBLEMS: Mapping[str, str] = {
    "clock-backwards": "datoen kan bare flyttes framover når det er registrert krav.",
    "clock-too-far": "datoen kan flyttes høyst 400 dager om gangen når det er registrert krav.",
    "forbidden": "tokenet gir ikke adgang til dette.",
    "not-found": "det du spør etter, finnes ikke, eller er ikke ditt å se.",
    "retry-later": "den er opptatt akkurat nå. Prøv igjen.",
    "role": "tokenets rolle gir ikke adgang til dette.",
    "unauthenticated": "tokenet mangler, er utløpt eller er ikke fra denne installasjonen.",
    "validation": "noe av det som ble sendt, kan ikke brukes:",
}
"""What the usual refusals mean; any other is shown in the server's own words, which are for developers."""


def word(words: Mapping[str, str], code: str) -> str:
    """Return the word for a code, or the code itself where it is a word already."""
    return words.get(code, code)


def many(count: int, one: str, several: str) -> str:
    """Return a count with its noun: 1 dag, 2 dager."""
    return f"{count} {one if count == 1 else several}"


def legal_step(step: Mapping[str, str]) -> str:
    """Return what a legal step is and where: utlegg hos namsmannen."""
    return f"{word(LEGAL_KINDS, step['kind'])} hos {word(BODIES, step['body'])}"


def day(text: str | None) -> str:
    """Return a date of the API (2026-01-14) as people write it (14.01.2026), or a dash."""
    return date.fromisoformat(text).strftime("%d.%m.%Y") if text else "–"


def moment(text: str) -> str:
    """Return an instant of the API in Oslo's time: 14.01.2026 09:00."""
    return datetime.fromisoformat(text).astimezone(OSLO).strftime("%d.%m.%Y %H:%M")
