"""What makes a claim acceptable (decisions B3): every rule about one body, each error with its path.

Works on a draft in which anything may be missing, so that one answer can name every error at once: what has the wrong
shape is reported by whoever read the body and is None here. Rules that need what is stored (the agreement) get it as an
argument; what needs the database (a reference that was used before) is checked where the claim is stored.

Law: inkassoloven § 9 (varsel), inkassoforskriften §§ 1-2, 1-3 (fees), foreldelsesloven §§ 2, 3, 29 (limitation).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from claims_api.domain.fees import REFERENCE, ChargedClaim, EarlierLetter, LetterKind, lawful_fee_max
from claims_api.domain.limitation import LimitationRule, is_barred, last_day
from claims_api.domain.rates import Rates
from claims_api.domain.rules import MoneyRules
from shared.calendar import add_years
from shared.errors import FieldError
from shared.law import RatesMissing
from shared.money import MAX_AMOUNT_ORE, kroner
from shared.party import NationalId, PartyIdError, check_national_id, check_org_number
from shared.values import value

MAX_CO_DEBTORS = 10
MAX_REMINDERS = 5
MAX_INVOICE_YEARS = 10
"""How long before its due date an invoice may have been written."""

_POSTAL_CODE = re.compile(r"[0-9]{4}")
_COUNTRY_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA "
    "CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA "
    "GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP "
    "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS "
    "MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS "
    "RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW "
    "TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
)
_COUNTRIES = frozenset(_COUNTRY_CODES.split(" "))


@value
class AddressDraft:
    """An address as sent."""

    postal_code: str = ""
    city: str = ""
    country: str | None = None


@value
class RepresentativeDraft:
    """A representative as sent; ``id`` is a national id or an organisation number."""

    kind: str | None = None
    id: str | None = None
    address: AddressDraft | None = None


@value
class DebtorDraft:
    """A debtor as sent. ``absent`` names the keys that were not there or null (not those of a wrong shape)."""

    absent: frozenset[str]
    kind: str | None = None
    national_id: str | None = None
    org_number: str | None = None
    birth_date: date | None = None
    address: AddressDraft | None = None
    representative: RepresentativeDraft | None = None


@value
class NoticeDraft:
    """A reminder or inkassovarsel that the unit sent itself."""

    sent_on: date | None = None
    deadline: date | None = None
    fee_ore: int | None = None


@value
class ClaimDraft:
    """A claim as sent; None where a value was missing or had the wrong shape."""

    claim_type: str | None = None
    principal_ore: int | None = None
    original_principal_ore: int | None = None
    invoice_date: date | None = None
    due_date: date | None = None
    service_from: date | None = None
    service_to: date | None = None
    debtor: DebtorDraft | None = None
    co_debtors: Sequence[DebtorDraft | None] = ()
    prior_notice: NoticeDraft | None = None
    earlier_reminders: Sequence[NoticeDraft | None] = ()
    limitation_date: date | None = None
    legal_basis_sent: bool = False
    legal_basis_date: date | None = None
    premises_sent: bool = False
    representative: RepresentativeDraft | None = None


@value
class Terms:
    """The creditor's terms on the day: None claim types means that the unit is unknown or has no agreement."""

    known_unit: bool
    claim_types: frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeRules:
    """What the rules depend on: the day, whether test persons are accepted, and the money rules with their rates."""

    today: date
    allow_synthetic_ids: bool
    money: MoneyRules


def check_claim(draft: ClaimDraft, terms: Terms | None, rules: IntakeRules) -> list[FieldError]:
    """Return every error of the draft; empty when the claim is acceptable. ``terms`` None: no unit could be read."""
    return [
        *(_check_terms(draft, terms) if terms else ()),
        *_check_amounts(draft),
        *_check_dates(draft, rules),
        *_check_parties(draft, rules),
        *_check_notices(draft, rules),
        *_check_type_facts(draft, rules),
    ]


def notice_fault(due_date: date, sent_on: date, deadline: date, *, rates: Rates) -> str | None:
    """Return why a prior inkassovarsel is void (``sent-before-due``, ``deadline-too-short``), or None when it counts.

    A varsel may be sent only after the due date and must give at least fourteen days from its sending (inkassoloven
    § 9).
    """
    if sent_on <= due_date:
        return "sent-before-due"
    if deadline < sent_on + timedelta(days=rates.whole("notice_deadline", sent_on)):
        return "deadline-too-short"
    return None


def needs_hearing(last_day: date, today: date, *, rule: LimitationRule) -> bool:
    """Tell whether so little time is left before limitation that a person decides first."""
    return (last_day - today).days < rule.hearing_days


def is_minor(birth_date: date | None, on: date) -> bool:
    """Tell whether someone born on ``birth_date`` is under eighteen on ``on`` (vergemålsloven § 8); unknown: no."""
    if birth_date is None:
        return False
    return (on.year - birth_date.year, on.month, on.day) < (18, birth_date.month, birth_date.day)


def _check_terms(draft: ClaimDraft, terms: Terms) -> Iterator[FieldError]:
    if not terms.known_unit:
        yield FieldError("creditor_unit", "unknown-creditor", "no unit of this name hands claims over here")
    elif terms.claim_types is None:
        yield FieldError("creditor_unit", "no-agreement", "the unit has no agreement that is in force today")
    elif draft.claim_type is not None and draft.claim_type not in terms.claim_types:
        allowed = ", ".join(sorted(terms.claim_types))
        yield FieldError("claim_type", "not-in-agreement", f"expected a type of the unit's agreement: {allowed}")


def _check_amounts(draft: ClaimDraft) -> Iterator[FieldError]:
    for field, amount in (
        ("principal_ore", draft.principal_ore),
        ("original_principal_ore", draft.original_principal_ore),
    ):
        if amount is None:
            continue
        if amount <= 0:
            yield FieldError(field, "not-positive", "expected an amount above zero, in øre")
        elif amount > MAX_AMOUNT_ORE:
            yield FieldError(field, "too-large", f"expected at most {kroner(MAX_AMOUNT_ORE)} kroner")
    if (
        draft.principal_ore is not None
        and draft.original_principal_ore is not None
        and 0 < draft.original_principal_ore < draft.principal_ore
    ):
        yield FieldError(
            "original_principal_ore", "below-principal", "expected at least principal_ore, the unpaid part"
        )


def _check_dates(draft: ClaimDraft, rules: IntakeRules) -> Iterator[FieldError]:
    due = draft.due_date
    if draft.invoice_date is not None:
        if draft.invoice_date > rules.today:
            yield FieldError("invoice_date", "in-future", "expected today or earlier")
        elif due is not None and draft.invoice_date > due:
            yield FieldError("invoice_date", "after-due-date", "expected the due date or earlier")
        elif due is not None and draft.invoice_date < add_years(due, -MAX_INVOICE_YEARS):
            yield FieldError(
                "invoice_date", "too-old", f"expected at most {MAX_INVOICE_YEARS} years before the due date"
            )
    if due is not None:
        if due >= rules.today:
            yield FieldError("due_date", "not-due", "expected a day before today: the claim is not overdue yet")
        elif _barred(due, draft.limitation_date, rules):
            field = "due_date" if _barred(due, None, rules) else "limitation_date"
            yield FieldError(field, "time-barred", "the claim is time-barred (foreldet) and cannot be collected")
    if draft.service_from and draft.service_to and draft.service_from > draft.service_to:
        yield FieldError("service_period.to", "before-from", "expected the day of `from` or later")


def _barred(due_date: date, limitation_date: date | None, rules: IntakeRules) -> bool:
    try:
        return is_barred(last_day(due_date, limitation_date, rates=rules.money.rates).value, rules.today)
    except RatesMissing:
        return True  # due before the act's first known day: barred long since


def _check_parties(draft: ClaimDraft, rules: IntakeRules) -> Iterator[FieldError]:
    seen: dict[str, str] = {}
    parties = [("debtor", draft.debtor), *((f"co_debtors.{at}", who) for at, who in enumerate(draft.co_debtors))]
    for path, debtor in parties:
        if debtor is None:
            continue
        yield from _check_debtor(path, debtor, rules)
        number = debtor.national_id or debtor.org_number
        if number is None:
            continue
        if number in seen:
            yield FieldError(f"{path}.{_number_field(debtor)}", "same-party", f"the same party as {seen[number]}")
        seen.setdefault(number, path)
    if draft.representative is not None:
        yield from _check_representative("representative", draft.representative, rules)
        if draft.debtor is not None and draft.debtor.representative is not None:
            yield FieldError("representative", "given-twice", "expected here or in debtor.representative, not both")


def _number_field(debtor: DebtorDraft) -> str:
    return "national_id" if debtor.national_id else "org_number"


def _check_debtor(path: str, debtor: DebtorDraft, rules: IntakeRules) -> Iterator[FieldError]:
    if debtor.kind == "person":
        yield from _check_person(path, debtor, rules)
    elif debtor.kind == "business":
        yield from _check_business(path, debtor)
    if debtor.address is not None:
        yield from _check_address(f"{path}.address", debtor.address)
    if debtor.representative is not None:
        yield from _check_representative(f"{path}.representative", debtor.representative, rules)


def _check_person(path: str, debtor: DebtorDraft, rules: IntakeRules) -> Iterator[FieldError]:
    if debtor.org_number is not None:
        yield FieldError(f"{path}.org_number", "not-for-person", "a person has a national_id, not an org_number")
    if debtor.national_id is not None:
        yield from _check_number(path, debtor, rules)
    elif {"national_id", "birth_date"} <= debtor.absent:
        yield FieldError(f"{path}.national_id", "missing", "expected eleven digits, or null together with birth_date")
    if debtor.birth_date is not None and debtor.birth_date > rules.today:
        yield FieldError(f"{path}.birth_date", "in-future", "expected today or earlier")


def _check_number(path: str, debtor: DebtorDraft, rules: IntakeRules) -> Iterator[FieldError]:
    found = _national_id(debtor.national_id or "", rules)
    if isinstance(found, PartyIdError):
        yield FieldError(f"{path}.national_id", f"national-id-{found.code}", str(found))
    elif debtor.birth_date is not None and found.birth_date is not None and debtor.birth_date != found.birth_date:
        yield FieldError(f"{path}.birth_date", "not-of-national-id", "expected the birth date that national_id tells")


def _check_business(path: str, debtor: DebtorDraft) -> Iterator[FieldError]:
    for field, sent in (("national_id", debtor.national_id), ("birth_date", debtor.birth_date)):
        if sent is not None:
            yield FieldError(f"{path}.{field}", "not-for-business", "a business has an org_number alone")
    if "org_number" in debtor.absent:
        yield FieldError(f"{path}.org_number", "missing", "expected nine digits")
    if debtor.org_number is None:
        return
    try:
        check_org_number(debtor.org_number)
    except PartyIdError as wrong:
        yield FieldError(f"{path}.org_number", f"org-number-{wrong.code}", str(wrong))


def _check_address(path: str, address: AddressDraft) -> Iterator[FieldError]:
    if address.country is None:
        return
    if address.country not in _COUNTRIES:
        yield FieldError(f"{path}.country", "unknown-country", "expected an ISO 3166-1 alpha-2 code such as NO")
    elif address.country == "NO":
        if not _POSTAL_CODE.fullmatch(address.postal_code):
            yield FieldError(f"{path}.postal_code", "postal-code-format", "expected four digits")
        if not address.city:
            yield FieldError(f"{path}.city", "missing", "expected the post town (poststed)")


def _check_representative(path: str, who: RepresentativeDraft, rules: IntakeRules) -> Iterator[FieldError]:
    if who.address is not None:
        yield from _check_address(f"{path}.address", who.address)
    if who.id is None:
        return
    if len(who.id.replace(" ", "")) == 9:
        try:
            check_org_number(who.id)
        except PartyIdError as wrong:
            yield FieldError(f"{path}.id", f"org-number-{wrong.code}", str(wrong))
    else:
        found = _national_id(who.id, rules)
        if isinstance(found, PartyIdError):
            yield FieldError(f"{path}.id", f"national-id-{found.code}", str(found))


def _check_notices(draft: ClaimDraft, rules: IntakeRules) -> Iterator[FieldError]:
    notices = [
        (f"earlier_reminders.{at}", LetterKind.REMINDER, notice) for at, notice in enumerate(draft.earlier_reminders)
    ]
    notices.append(("prior_notice", LetterKind.NOTICE, draft.prior_notice))
    letters: list[EarlierLetter] = []
    for path, kind, notice in notices:
        if notice is None or notice.sent_on is None or notice.fee_ore is None:
            continue
        if notice.sent_on > rules.today:
            yield FieldError(f"{path}.sent_on", "in-future", "expected today or earlier")
            continue
        yield from _check_fee(path, kind, notice.sent_on, notice.fee_ore, draft, letters, rules)
        letters.append(
            EarlierLetter(kind=kind, sent_on=notice.sent_on, deadline=notice.deadline, fee_ore=notice.fee_ore)
        )


def _check_fee(
    path: str,
    kind: LetterKind,
    sent_on: date,
    fee_ore: int,
    draft: ClaimDraft,
    letters: Sequence[EarlierLetter],
    rules: IntakeRules,
) -> Iterator[FieldError]:
    if fee_ore < 0:
        yield FieldError(f"{path}.fee_ore", "negative", "expected zero or more, in øre")
    elif fee_ore and draft.due_date is not None:
        charged = ChargedClaim(due_date=draft.due_date, minor=_incurred_by_minor(draft), letters=tuple(letters))
        try:
            lawful = lawful_fee_max(kind, sent_on, charged, rules=rules.money)
        except RatesMissing:
            return  # no sats is known for that day: intake goes on (the fee is checked by no one's guess)
        if fee_ore > lawful:
            detail = f"expected at most {lawful} øre for a letter sent {sent_on.isoformat()} ({REFERENCE})"
            yield FieldError(f"{path}.fee_ore", "above-lawful-fee", detail)


def _incurred_by_minor(draft: ClaimDraft) -> bool:
    debtor = draft.debtor
    day = draft.service_from or draft.invoice_date
    return debtor is not None and day is not None and is_minor(debtor.birth_date, day)


def _check_type_facts(draft: ClaimDraft, rules: IntakeRules) -> Iterator[FieldError]:
    if draft.claim_type == "coercive_fine" and not draft.legal_basis_sent:
        yield FieldError("legal_basis", "missing", "a coercive fine needs the decision it rests on")
    if draft.legal_basis_date is not None and draft.legal_basis_date > rules.today:
        yield FieldError("legal_basis.date", "in-future", "expected today or earlier")
    if draft.claim_type == "rent" and not draft.premises_sent:
        yield FieldError(
            "premises", "missing", "rent is for a home or for business premises: expected home or business"
        )
    if draft.claim_type not in (None, "rent") and draft.premises_sent:
        yield FieldError("premises", "not-for-type", "only rent has premises")


def _national_id(text: str, rules: IntakeRules) -> NationalId | PartyIdError:
    try:
        return check_national_id(text, allow_synthetic=rules.allow_synthetic_ids)
    except PartyIdError as wrong:
        return wrong
