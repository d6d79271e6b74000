"""What letters say: word for word against approved texts, and item by item against the law."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from support import letters as sample
from support.golden import assert_golden

from notifications.domain.content import FORBIDDEN, required
from notifications.domain.formats import LANGUAGES, Language
from notifications.domain.letters import DemandFacts, Facts, LetterKind, Recipient, Unprintable
from notifications.render import TEMPLATES, Renderer

SAMPLES = {
    LetterKind.INKASSOVARSEL: sample.varsel,
    LetterKind.BETALINGSOPPFORDRING: sample.betalingsoppfordring,
    LetterKind.TVANGSVARSEL: sample.tvangsvarsel,
    LetterKind.FEE_REVERSED: sample.fee_reversed,
    LetterKind.CONFIRMATION: sample.plan_confirmation,
}
DEMANDS = (sample.varsel, sample.betalingsoppfordring, sample.tvangsvarsel)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return sample.renderer()


def said(renderer: Renderer, facts: Facts) -> str:
    return sample.text_of(renderer.pdf(facts).pdf)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", LetterKind)
def test_every_letter_reads_as_approved(renderer: Renderer, kind: LetterKind, language: Language) -> None:
    pages = sample.pages_of(renderer.pdf(SAMPLES[kind](language)).pdf)
    text = "\n\f\n".join("\n".join(line.rstrip() for line in page.splitlines()) for page in pages) + "\n"
    assert_golden(f"letters/{kind}.{language}.txt", text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("facts", DEMANDS)
def test_a_demand_says_everything_the_law_asks_for(renderer: Renderer, facts: object, language: Language) -> None:
    demand = facts(language)  # type: ignore[operator]
    text = said(renderer, demand)
    missing = [item for item in required(demand) if item.text not in text]
    assert missing == []
    assert [words for words in FORBIDDEN if words.lower() in text.lower()] == []


def test_the_heading_is_exactly_the_statutory_word_and_stands_first(renderer: Renderer) -> None:
    for facts, heading in (
        (sample.varsel(), "Inkassovarsel"),
        (sample.betalingsoppfordring(), "Betalingsoppfordring"),
        (sample.tvangsvarsel(), "Varsel om tvangsfullbyrdelse"),
    ):
        lines = [text.strip() for text in sample.pages_of(renderer.pdf(facts).pdf)[0].splitlines()]
        assert heading in lines


def test_pitfall_29_a_municipality_never_prints_the_board_for_licensed_firms() -> None:
    wording = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.typ"))
    assert "klagenemnd" not in wording.lower()


def test_pitfall_30_an_inkassovarsel_says_in_heading_and_text_that_inkasso_follows(renderer: Renderer) -> None:
    text = said(renderer, sample.varsel())
    assert "Inkassovarsel Vi kan ikke se" in text
    assert "Hvis du ikke betaler innen fristen, vil vi sette i gang inkasso." in text


def test_pitfall_31_further_costs_can_come_but_are_never_told_as_certain(renderer: Renderer) -> None:
    text = said(renderer, sample.betalingsoppfordring())
    assert "Da kan det også komme flere kostnader i tillegg. Vi anslår at de kan bli 865,00 kroner." in text
    assert "vil påløpe" not in text
    assert "Vi anslår" not in said(renderer, sample.betalingsoppfordring(expected_further_costs_ore=0))


@pytest.mark.parametrize("language", LANGUAGES)
def test_pitfall_39_nothing_but_the_neutral_service_name_tells_what_the_claim_is_for(
    renderer: Renderer, language: Language
) -> None:
    text = said(renderer, sample.varsel(language, lines=(sample.line(service_name="Kommunal tjeneste"),))).lower()
    for word in ("helse", "lege", "pasient", "sykehjem", "hjemmetjeneste", "health", "dental", "nursing"):
        assert word not in text


def test_principal_interest_fees_and_this_letters_fee_stand_apart_and_add_up(renderer: Renderer) -> None:
    text = said(renderer, sample.betalingsoppfordring())
    assert "Barnehage Faktura 4711 av 20.12.2025, forfall 15.01.2026" in text
    assert "Rente 12,00 prosent per år fra 15.01.2026 (foreløpig sats) 3 210,00 35,88 38,00 3 283,88" in text
    assert "Til sammen 5 660,00 59,23 76,00 5 795,23" in text
    assert "Inkassogebyr 113,00 Å betale, i kroner 5 908,23" in text


def test_the_fee_line_bears_the_name_that_the_fee_regime_gives_it(renderer: Renderer) -> None:
    assert "Inkassosalær 113,00" in said(renderer, sample.betalingsoppfordring(fee_label="Inkassosalær"))


def test_a_demand_without_a_fee_has_no_fee_line(renderer: Renderer) -> None:
    assert "Inkassogebyr" not in said(renderer, sample.betalingsoppfordring(fee_ore=0))


def test_a_claim_without_interest_says_nothing_of_interest(renderer: Renderer) -> None:
    fine = sample.line(service_name="Tvangsmulkt", interest_ore=0, interest_rate_percent=None, interest_from=None)
    text = said(renderer, sample.varsel(lines=(fine,), dispute_body="unit"))
    assert "prosent" not in text
    assert "Renten er regnet" not in text


def test_awarded_costs_get_a_column_of_their_own(renderer: Renderer) -> None:
    text = said(renderer, sample.varsel(lines=(sample.line(legal_costs_ore=208_600),)))
    assert "Hovedkrav Renter Gebyr Sakskostnader Sum" in text
    assert "2 086,00" in text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("forliksraad", "kan uenigheten avgjøres av forliksrådet."),
        ("husleietvistutvalg", "kan uenigheten avgjøres av Husleietvistutvalget."),
        ("unit", "sender vi klagen din til Bydel Frogner"),
    ],
)
def test_a_disagreement_is_sent_to_the_body_that_decides_it(renderer: Renderer, body: str, words: str) -> None:
    text = said(renderer, sample.varsel(dispute_body=body))
    assert words in text
    assert ("forliksråd" in text) == (body == "forliksraad")


def test_an_own_basis_for_enforcement_is_named(renderer: Renderer) -> None:
    text = said(renderer, sample.betalingsoppfordring(enforcement_basis="tvangsfullbyrdelsesloven 7-2 d"))
    assert "Tvangsgrunnlaget er tvangsfullbyrdelsesloven § 7-2 bokstav d." in text


def test_the_payment_box_holds_what_a_bank_asks_for(renderer: Renderer) -> None:
    text = said(renderer, sample.varsel())
    assert f"KID {sample.CLAIM_KID} Kontonummer 1315 01 01837" in text
    assert "Beløp i kroner 3 262,12 Betalingsfrist 12. februar 2026" in text
    assert "Mottaker: Oslo kommune, Innkrevingsetaten Fra utlandet: IBAN NO39 1315 0101 837, BIC DNBANOKK" in text
    assert f"Har du ikke KID, skriv saksnummeret {sample.CASE_NUMBER} i meldingsfeltet." in text


def test_without_a_kid_the_case_number_is_the_message(renderer: Renderer) -> None:
    text = said(renderer, sample.varsel(kid=None))
    assert f"Melding til mottaker {sample.CASE_NUMBER} Kontonummer" in text
    assert "KID" not in text


def test_the_sender_can_be_reached(renderer: Renderer) -> None:
    text = said(renderer, sample.varsel())
    assert "Min side: https://innkreving.example/min-side" in text
    assert "Oslo kommune, Innkrevingsetaten · org.nr 976819934 · Postboks 4594 Nydalen, 0404 Oslo" in text


def test_a_reversed_fee_is_told_with_its_letter_and_reason(renderer: Renderer) -> None:
    text = said(renderer, sample.fee_reversed())
    assert "Vi har tatt tilbake et gebyr på 38,00 kroner. Du skal ikke betale det." in text
    assert "Gebyret sto i brevet «Inkassovarsel» av 29. januar 2026." in text
    assert "Da brevet ble sendt, var kravet allerede betalt, avsluttet eller omstridt." in text


def test_a_reversed_fee_of_an_unknown_letter_and_reason_still_makes_sense(renderer: Renderer) -> None:
    text = said(renderer, sample.fee_reversed(reason="something_new", letter_kind=None, letter_dated=None))
    assert "Gebyret sto" not in text
    assert "something_new" not in text
    assert "det ikke var grunnlag for gebyret" in text


def unlawful() -> list[tuple[str, Facts]]:
    varsel = sample.varsel()
    return [
        ("no_address", replace(varsel, recipient=Recipient(name="Kari Nordmann", address_lines=("", " ")))),
        ("no_name", replace(varsel, recipient=Recipient(name="  ", address_lines=("Storgata 1",)))),
        ("text_too_long", replace(varsel, recipient=Recipient(name="x" * 2_001, address_lines=("Storgata 1",)))),
        ("amounts_disagree", replace(varsel, total_ore=varsel.total_ore + 1)),
        ("amounts_disagree", replace(varsel, payment=replace(varsel.payment, amount_ore=1))),
        ("amounts_disagree", sample.varsel(lines=(replace(sample.line(), total_ore=1),))),
        ("line_count", replace(varsel, lines=())),
        ("line_count", sample.varsel(lines=(sample.line(),) * 201)),
        ("deadline_too_short", sample.varsel(deadline=date(2026, 2, 11))),
        ("not_due", sample.varsel(lines=(sample.line(due_date=date(2026, 1, 29)),))),
        ("dispute_body_unknown", sample.varsel(dispute_body="tingretten")),
        ("interest_unexplained", sample.varsel(lines=(sample.line(interest_from=None),))),
        ("interest_unexplained", sample.varsel(lines=(sample.line(interest_rate_percent=None),))),
        ("kid_invalid", sample.varsel(kid="126000000100016")),
        ("amount_not_positive", sample.fee_reversed(amount_ore=0)),
        ("empty", sample.plan_confirmation(heading=" ")),
        ("empty", sample.plan_confirmation(paragraphs=())),
        ("text_too_long", sample.plan_confirmation(paragraphs=("x" * 4_001,))),
        ("no_payment", sample.plan_confirmation(payment=None)),
    ]


@pytest.mark.parametrize(("code", "facts"), unlawful())
def test_a_letter_that_would_be_wrong_is_refused_by_name(renderer: Renderer, code: str, facts: Facts) -> None:
    with pytest.raises(Unprintable) as refused:
        renderer.pdf(facts)
    assert refused.value.code == code
    assert "Kari" not in str(refused.value)


def test_every_language_has_every_letter() -> None:
    kinds = {f"{kind}.typ" for kind in LetterKind}
    for language in LANGUAGES:
        assert kinds <= {path.name for path in (TEMPLATES / language).iterdir()}


def test_demands_of_a_hundred_claims_list_every_one(renderer: Renderer) -> None:
    lines = tuple(sample.line(invoice_number=f"F{n:03d}") for n in range(100))
    rendered = renderer.pdf(sample.varsel(lines=lines))
    pages = sample.pages_of(rendered.pdf)
    assert rendered.pages == len(pages) > 3
    text = " ".join(pages)
    assert all(f"F{n:03d}" in text for n in range(100))
    assert f"Side {len(pages)} av {len(pages)}" in pages[-1]
    assert all(sample.CASE_NUMBER in page for page in pages)


def test_samples_are_what_they_say() -> None:
    assert isinstance(sample.varsel(), DemandFacts)
