"""What confirmations and answers say: word for word against approved texts, and each fact that must be in them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from support import letters as sample
from support import notices
from support.golden import assert_golden

import notifications.domain.wording
from notifications.domain.content import FORBIDDEN
from notifications.domain.formats import LANGUAGES, Language, amount, day
from notifications.domain.letters import Unprintable
from notifications.domain.notices import NOTICE_KINDS, NoticeLine, confirmation
from notifications.render import Renderer


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return sample.renderer()


def said(renderer: Renderer, kind: str, language: Language = "nb", **changes: Any) -> str:
    return sample.text_of(renderer.pdf(notices.letter(kind, language, **changes)).pdf)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def phrases(language: str) -> dict[str, dict[str, str]]:
    path = Path(notifications.domain.wording.__file__).parent / f"{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", notices.KINDS)
def test_every_notice_reads_as_approved(renderer: Renderer, kind: str, language: Language) -> None:
    pages = sample.pages_of(renderer.pdf(notices.letter(kind, language)).pdf)
    text = "\n\f\n".join("\n".join(line.rstrip() for line in page.splitlines()) for page in pages) + "\n"
    assert_golden(f"letters/notices/{kind}.{language}.txt", text)


def test_every_kind_that_is_published_has_a_wording_and_no_other() -> None:
    assert set(notices.KINDS) == NOTICE_KINDS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_phrases_with_the_same_facts(language: str) -> None:
    def fields(texts: dict[str, dict[str, str]]) -> dict[tuple[str, str], set[str]]:
        return {
            (section, key): {name for _, name, _, _ in Formatter().parse(text) if name}
            for section, entries in texts.items()
            for key, text in entries.items()
        }

    assert fields(phrases(language)) == fields(phrases("nb"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", notices.KINDS)
def test_no_notice_has_an_unfilled_field_or_a_word_that_must_not_be_there(
    renderer: Renderer, kind: str, language: Language
) -> None:
    text = said(renderer, kind, language)
    assert not re.search(r"[{}]|None", text)
    assert [words for words in FORBIDDEN if words.lower() in text.lower()] == []
    assert sample.CASE_NUMBER in text
    assert "Bydel Frogner" in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [kind for kind in notices.KINDS if notices.notice(kind).payee])
def test_a_notice_that_asks_for_money_says_how_much_until_when_and_on_which_kid(
    renderer: Renderer, kind: str, language: Language
) -> None:
    letter = notices.letter(kind, language)
    text = said(renderer, kind, language)
    assert letter.payment is not None
    assert letter.payment.kid is not None
    for words in (
        letter.payment.kid,
        amount(letter.payment.amount_ore, language),
        day(letter.payment.deadline, language),
        "1315 01 01837",
    ):
        assert plain(words) in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plan_shows_every_date_and_amount_the_sum_and_its_own_kid(renderer: Renderer, language: Language) -> None:
    text = said(renderer, "plan_agreed", language)
    for number, due, ore in notices.PLAN:
        assert f"{number} {plain(day(due, language))} {plain(amount(ore, language))}" in text
    assert plain(amount(326_212, language)) in text
    assert f"KID {notices.PLAN_KID}" in text
    assert f"{plain(amount(110_000, language))}" in text


def test_a_changed_plan_keeps_the_numbers_of_its_instalments(renderer: Renderer) -> None:
    text = said(renderer, "plan_changed")
    assert "2 1. april 2026 1 100,00" in text
    assert "3 4. mai 2026 1 062,12" in text
    assert "1 2. mars" not in text


def test_a_plan_over_several_cases_names_the_case_of_each_claim(renderer: Renderer) -> None:
    other = NoticeLine(case_number="2600000026", service_name="Husleie", invoice_number="9", amount_ore=10_000)
    mine = notices.facts("plan_agreed").claims[0]
    text = said(renderer, "plan_agreed", claims=(mine, other))
    assert f"Barnehage, faktura 4711, sak {sample.CASE_NUMBER}" in text
    assert "Husleie, faktura 9, sak 2600000026" in text


def test_estimates_and_acknowledgement_are_said_only_where_they_are_so(renderer: Renderer) -> None:
    text = said(renderer, "plan_agreed", estimated=False, acknowledges=False)
    assert "regnet med rentene" not in text
    assert "foreldelse" not in text
    assert "foreldelsesloven § 14" in said(renderer, "plan_agreed")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["deferral_refused", "plan_refused", "plan_change_refused", "objection_decided"])
def test_reasons_are_printed_as_they_were_written(renderer: Renderer, kind: str, language: Language) -> None:
    text = said(renderer, kind, language)
    assert f"{phrases(language)['section']['reasons']} {' '.join(notices.REASONS.split())}" in text


def test_an_answer_prints_the_answer_and_nothing_about_claims(renderer: Renderer) -> None:
    text = said(renderer, "message_answered")
    assert "Du tok kontakt med oss 27. januar 2026. Her er svaret vårt. Faktura 4711 gjelder januar." in text
    assert "Begrunnelse" not in text


def test_written_words_cannot_become_markup_or_fields(renderer: Renderer) -> None:
    hostile = '#panic("no") {amount} *bold* {0} $x$ <label>'
    assert hostile in said(renderer, "message_answered", texts=(hostile,))


def test_the_longest_text_a_caseworker_can_write_is_printed_whole(renderer: Renderer) -> None:
    words = ("ord " * 1_000).strip()
    assert said(renderer, "message_answered", texts=(words,)).count("ord ") >= 1_000


@pytest.mark.parametrize(
    ("changes", "heading", "words", "silent"),
    [
        ({}, "Du har fått delvis medhold", "Da kan vi ta saken til forliksrådet.", "rimelig grunn"),
        (
            {"outcome": "refused", "reasonable": False, "fees_reversed_ore": 0, "dispute_body": "husleietvistutvalg"},
            "Du har ikke fått medhold",
            "Da kan vi ta saken til Husleietvistutvalget.",
            "Vi tar tilbake gebyrer",
        ),
        (
            {"outcome": "refused", "dispute_body": "unit"},
            "Du har ikke fått medhold",
            "sender Bydel Frogner klagen din videre til klageinstansen.",
            "forliksrådet",
        ),
        (
            {"outcome": "refused", "complain_by": date(2026, 3, 5), "complaint_body": "statsforvalter"},
            "Du har ikke fått medhold",
            "kan du klage til Statsforvalteren innen 5. mars 2026.",
            "forliksrådet",
        ),
        (
            {"outcome": "refused", "dispute_body": "unit", "complaint_body": "complaint_body"},
            "Du har ikke fått medhold",
            "Klagen din er avgjort av klageinstansen, og vedtaket står ved lag.",
            "videre til klageinstansen",
        ),
        (
            {"outcome": "granted", "pay_by": None, "pay_to": None, "texts": ()},
            "Du har fått medhold",
            "Du trenger ikke å gjøre noe.",
            "Slik betaler du",
        ),
    ],
)
def test_a_decision_says_how_it_went_and_what_happens_next(
    renderer: Renderer, changes: dict[str, Any], heading: str, words: str, silent: str
) -> None:
    text = said(renderer, "objection_decided", **changes)
    assert heading in text
    assert words in text
    assert silent not in text


def test_a_partial_objection_says_that_the_rest_runs_on(renderer: Renderer) -> None:
    text = said(renderer, "objection_received", amount_ore=50_000)
    assert "Du er uenig i 500,00 kroner." in text
    assert "Resten av kravet gjelder som før." in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("body", ["statsforvalter", "complaint_body"])
def test_a_complaint_is_told_of_in_every_language(renderer: Renderer, language: Language, body: str) -> None:
    named = {"complaint_body": body, "complained_on": date(2026, 2, 2)}
    say, name = phrases(language)["say"], phrases(language)["label"][body]
    received = said(renderer, "objection_received", language, **named)
    assert phrases(language)["heading"]["complaint_received"] in received
    assert say["complaint_next"].format(creditor="Bydel Frogner", body=name) in received
    for outcome in ("granted", "partly", "refused"):
        decided = said(renderer, "objection_decided", language, outcome=outcome, dispute_body="unit", **named)
        assert say[f"complaint_{outcome}"].format(body=name) in decided
    told = said(renderer, "objection_decided", language, outcome="refused", complain_by=date(2026, 3, 5), **named)
    assert name in told
    settled = {"complain_by": date(2026, 3, 5), "pay_by": None, "pay_to": None, **named}
    assert name in said(renderer, "objection_decided", language, outcome="refused", **settled)


def test_an_objection_on_the_same_ground_is_told_that_nothing_is_stopped(renderer: Renderer) -> None:
    text = said(renderer, "objection_received", freezes=False)
    assert "Derfor stanser vi ikke innkrevingen" in text
    assert "Vi har stanset" not in text


@pytest.mark.parametrize(
    ("request_kind", "words"),
    [
        ("deferral", "søknaden din om utsatt frist"),
        ("plan", "søknaden din om å betale i avdrag"),
        ("plan_change", "Avtalen gjelder som før til du har fått svar."),
    ],
)
def test_an_application_is_confirmed_by_what_was_asked_for(renderer: Renderer, request_kind: str, words: str) -> None:
    assert words in said(renderer, "request_received", request_kind=request_kind)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("deferral_granted", {"until": None}),
        ("plan_agreed", {"instalments": ()}),
        ("plan_agreed", {"pay_to": None}),
        ("plan_reminder", {"pay_by": None}),
        ("plan_reminder", {"missing_ore": None}),
        ("objection_received", {"answer_by": None}),
        ("objection_decided", {"outcome": None}),
        ("objection_decided", {"dispute_body": None}),
        ("request_received", {"request_kind": "message"}),
        ("message_answered", {"texts": ()}),
        ("plan_broken", {"pay_by": None}),
    ],
)
def test_a_notice_without_its_facts_is_not_printed(kind: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Unprintable) as refused:
        notices.letter(kind, **changes)
    assert refused.value.code == "facts_missing"


def test_a_kind_that_nobody_wrote_is_not_printed() -> None:
    with pytest.raises(Unprintable) as refused:
        confirmation(replace(notices.facts("plan_kept"), kind="birthday"))
    assert refused.value.code == "notice_kind_unknown"
