"""When a payment without a KID may be posted without a person, and what a person is told otherwise."""

from __future__ import annotations

import pytest

from payments_ingest.domain.lookup import known, wanted
from payments_ingest.domain.matching import CaseFacts, Decision, Incoming, Name, Reason, compare_names, decide
from payments_ingest.domain.numbers import find_numbers
from payments_ingest.domain.text import name_parts
from shared.kid import KidKind, make_case_number, make_kid

A, B = make_case_number(2026, 1), make_case_number(2026, 2)
KID_A = make_kid(KidKind.CLAIM, A, 1)
OWED = 123_800


def case(case_id: str, *, is_open: bool = True, owed_ore: int = OWED, name: str = "Kari Nordmann") -> CaseFacts:
    return CaseFacts(
        case_id=case_id,
        is_open=is_open,
        amounts=frozenset({owed_ore, owed_ore - 3_800}),
        owed_ore=owed_ore,
        ceiling_ore=owed_ore,
        names=(name_parts(name),),
    )


CASES = {"a": case("a"), "b": case("b", owed_ore=50_000, name="Ola Hansen")}
NUMBERS = {A: "a", KID_A: "a", B: "b"}


def match(
    text: str,
    amount_ore: int = OWED,
    payer: str = "",
    *,
    cases: dict[str, CaseFacts] = CASES,
    numbers: dict[str, str] = NUMBERS,
    invoices: dict[str, frozenset[str]] | None = None,
    by_account: frozenset[str] = frozenset(),
    by_name: frozenset[str] = frozenset(),
) -> Decision:
    found = find_numbers(text, amount_ore)
    incoming = Incoming(amount_ore, name_parts(payer), by_account, by_name, text)
    return decide(incoming, found, known(wanted(found), numbers, invoices or {}, cases))


def test_a_number_after_its_word_is_posted_and_says_why() -> None:
    decision = match(f"saksnr {A}", payer="KARI NORDMANN")
    assert decision.case_id == "a"
    assert decision.number == A
    assert set(decision.suggestions[0].reasons) == {Reason.NUMBER_WITH_WORD, Reason.AMOUNT, Reason.NAME}


def test_a_part_payment_with_the_number_after_its_word_is_posted_when_nothing_speaks_against() -> None:
    assert match(f"saksnr {A}", 20_000).case_id == "a"
    assert match(f"saksnr {A}", 20_000, "Per Nordmann").case_id == "a"


def test_another_payer_with_an_odd_amount_is_left_to_a_person() -> None:
    decision = match(f"saksnr {A}", 20_000, "Per Olsen")
    assert decision.case_id is None
    assert Reason.OTHER_NAME in decision.suggestions[0].reasons


def test_more_money_than_is_owed_and_nobody_known_is_left_to_a_person() -> None:
    assert match(f"saksnr {A}", OWED * 3).case_id is None


def test_a_bare_number_needs_support() -> None:
    assert match(A).case_id == "a"
    assert match(A, 20_000).case_id is None
    assert match(A, 20_000, "Kari Nordmann").case_id == "a"
    assert match(A, OWED, "Per Olsen").case_id is None
    assert match(A, 20_000, by_account=frozenset({"a"})).case_id == "a"


def test_a_bare_number_from_somebody_with_one_name_in_common_needs_more_than_the_amount() -> None:
    decision = match(A, payer="Per Nordmann")
    assert decision.case_id is None
    assert Reason.FAMILY_NAME in decision.suggestions[0].reasons


@pytest.mark.parametrize("words", ["gjelder ikke sak", "feil, skulle ikke til sak", "NOT for sak", "rettelse: sak"])
def test_a_message_that_denies_something_is_left_to_a_person_and_says_why(words: str) -> None:
    decision = match(f"{words} {A}", payer="Kari Nordmann")
    assert decision.case_id is None
    assert Reason.DENIED in decision.suggestions[0].reasons


def test_a_stranger_who_also_writes_a_number_like_a_saksnummer_is_left_to_a_person() -> None:
    assert match(f"naboen har sak {A}", payer="Tone Lie").case_id == "a"
    assert match(f"naboen har sak {A}, min er 2600055551", payer="Tone Lie").case_id is None


def test_our_own_kid_in_the_text_is_as_good_as_the_word() -> None:
    assert match(KID_A, 20_000).case_id == "a"


def test_a_closed_case_is_only_suggested() -> None:
    decision = match(f"saksnr {A}", cases={"a": case("a", is_open=False)}, numbers={A: "a"})
    assert decision.case_id is None
    assert Reason.CLOSED in decision.suggestions[0].reasons


def test_two_cases_are_only_suggested_with_a_split_when_their_debts_are_the_amount() -> None:
    decision = match(f"saksnr {A} og {B}", OWED + 50_000)
    assert decision.case_id is None
    assert dict(decision.split) == {"a": OWED, "b": 50_000}
    assert {s.case_id for s in decision.suggestions} == {"a", "b"}
    assert match(f"saksnr {A} og {B}", OWED).split == ()


def test_a_number_and_a_kid_of_one_case_name_one_case() -> None:
    assert match(f"sak {A} KID {KID_A}").case_id == "a"


def test_an_unknown_number_after_the_word_stops_a_bare_one() -> None:
    other = make_case_number(2026, 777)
    assert match(f"{A} saksnr {other}").case_id is None
    assert match(f"saksnr {other} {A}", 20_000).case_id is None


def test_a_slip_is_only_suggested() -> None:
    decision = match(f"saksnr {A[:-1]}9", payer="Kari Nordmann")
    assert decision.case_id is None
    assert decision.suggestions[0].case_id == "a"
    assert Reason.ONE_SLIP in decision.suggestions[0].reasons


def test_a_number_whose_09_90_twin_is_another_case_needs_support() -> None:
    serial_a, serial_b = make_case_number(2026, 901), make_case_number(2026, 9001)
    assert serial_a.replace("09", "90", 1)[2:9] == serial_b[2:9]
    cases = {"a": case("a"), "b": case("b", name="Ola Hansen")}
    numbers = {serial_a: "a", serial_b: "b"}
    assert match(f"saksnr {serial_a}", 20_000, cases=cases, numbers=numbers).case_id is None
    assert match(f"saksnr {serial_a}", 20_000, "Kari Nordmann", cases=cases, numbers=numbers).case_id == "a"


def test_a_bare_case_number_that_is_also_another_cases_invoice_is_not_posted() -> None:
    assert match(A, invoices={A: frozenset({"b"})}).case_id is None


def test_an_invoice_number_is_posted_only_with_its_word_amount_and_name() -> None:
    invoices = {"f1234": frozenset({"a"})}
    assert match("faktura F-1234", payer="Kari Nordmann", invoices=invoices).case_id == "a"
    assert match("faktura F-1234", invoices=invoices).case_id is None
    assert match("faktura F-1234", 20_000, "Kari Nordmann", invoices=invoices).case_id is None


def test_a_known_account_or_name_alone_suggests_and_never_posts() -> None:
    by_account = match("avdrag", by_account=frozenset({"a"}))
    assert by_account.case_id is None
    assert by_account.suggestions[0].reasons == (Reason.AMOUNT, Reason.ACCOUNT)
    assert by_account.candidates == ()  # such a guess must not hold a case
    by_name = match("avdrag", payer="Nordmann Kari", by_name=frozenset({"a"}))
    assert by_name.case_id is None
    assert by_name.candidates == ("a",)


def test_a_common_name_suggests_only_where_the_amount_agrees() -> None:
    cases = {f"c{n}": case(f"c{n}", owed_ore=10_000 * (n + 1)) for n in range(8)}
    decision = match("", 30_000, "Kari Nordmann", cases=cases, numbers={}, by_name=frozenset(cases))
    assert [s.case_id for s in decision.suggestions] == ["c2"]


def test_names_agree_in_any_order_and_spelling() -> None:
    debtors = [name_parts("Åse Ødegård Nordmann")]
    assert compare_names(name_parts("NORDMANN AASE"), debtors) is Name.SAME
    assert compare_names(name_parts("Odegard, Ase"), debtors) is Name.SAME
    assert compare_names(name_parts("Per Nordmann"), debtors) is Name.FAMILY
    assert compare_names(name_parts("Nordmann"), debtors) is Name.FAMILY
    assert compare_names(name_parts("Per Olsen"), debtors) is Name.OTHER
    assert compare_names(name_parts(""), debtors) is Name.UNKNOWN
    assert compare_names(name_parts("Kaffebaren AS"), [name_parts("KAFFEBAREN")]) is Name.SAME
