"""How letters are made: the same bytes every time, archivable and accessible, and names that print as themselves."""

from __future__ import annotations

import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from support import letters as sample

from notifications.domain.formats import LANGUAGES, amount, day, enforcement_basis, percent, printable
from notifications.domain.letters import Recipient, Unprintable
from notifications.render import Renderer

RENDERER = sample.renderer()


def addressed(name: str, *lines: str) -> str:
    facts = replace(
        sample.varsel(), recipient=Recipient(name=name, address_lines=lines or ("Storgata 1 B", "0155 Oslo"))
    )
    return sample.text_of(RENDERER.pdf(facts).pdf)


def test_the_same_facts_give_the_same_bytes_from_any_renderer_and_thread() -> None:
    facts = sample.betalingsoppfordring()
    first = RENDERER.pdf(facts)
    with ThreadPoolExecutor(2) as pool:
        others = list(pool.map(lambda _n: sample.renderer().pdf(facts), range(4)))
    assert {other.sha256 for other in others} == {first.sha256}
    RENDERER.pdf(sample.varsel())
    assert RENDERER.pdf(facts).pdf == first.pdf


def test_other_facts_give_other_bytes() -> None:
    assert (
        RENDERER.pdf(sample.varsel()).sha256 != RENDERER.pdf(replace(sample.varsel(), case_number="2600000026")).sha256
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_is_archivable_accessible_and_names_its_title_language_and_date(language: str) -> None:
    pdf = RENDERER.pdf(sample.varsel(language)).pdf  # type: ignore[arg-type]
    reader = PdfReader(BytesIO(pdf))
    xmp = reader.xmp_metadata
    assert xmp is not None
    raw = pdf.decode("latin-1")
    assert "<pdfaid:part>2</pdfaid:part>" in raw
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in raw
    assert "<pdfuaid:part>1</pdfuaid:part>" in raw
    assert reader.root_object["/Lang"] == language
    assert reader.root_object["/MarkInfo"]["/Marked"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Inkassovarsel"
    assert reader.metadata.author == "Oslo kommune, Innkrevingsetaten"
    created = reader.metadata.creation_date
    assert created is not None
    assert created.date() == date(2026, 1, 29)


def test_the_table_has_header_cells_and_the_qr_code_a_spoken_text() -> None:
    raw = RENDERER.pdf(sample.varsel()).pdf
    assert re.search(rb"/S\s*/TH\b", raw)
    assert re.search(rb"/S\s*/H1\b", raw)
    assert re.search(rb"/Alt", raw)


HOSTILE = [
    '#import "x.typ": * #panic("no")',
    "*bold* _italic_ $x^2 + y$ `raw` <label> @reference",
    "Quote \" and ' and « and » and \\ and // comment /* more */",
    "#sys.inputs.letter {{ jinja }} ${shell} %s %(name)s {0}",
    "<script>alert(1)</script> & &amp; &#65;",
    "- list\n= heading\n+ enum",
    "Bjørn Ærlig Åsen-Øyen née D’Angelo --- -- ...",
    "Łukasz Žižek Đorđević Nguyễn Þórður Siŋŋá Čáhput",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_prints_as_itself_whatever_it_looks_like(name: str) -> None:
    text = addressed(name, name, "0155 Oslo")
    assert text.replace(" ", "").count("".join(name.split())) == 2


@pytest.mark.parametrize("name", ["محمد علي", "Даша Ковальчук", "Ελένη", "שרה", "Kari ✈ ❤️"])
def test_names_in_other_scripts_are_printed_in_full(name: str) -> None:
    # Each letter or picture is found again in the page's text; right-to-left text may come out in visual order.
    text = addressed(name)
    wanted = {c for c in name if not c.isspace() and unicodedata.category(c) not in {"Cf", "Mn"}}
    assert wanted <= set(unicodedata.normalize("NFKC", text)) | set(text)


@pytest.mark.parametrize("name", ["王小明", "สมชาย", "Ola \U000e0100\U000f0000 王"])
def test_a_name_that_no_font_can_print_is_refused_without_quoting_it(name: str) -> None:
    with pytest.raises(Unprintable) as refused:
        addressed(name)
    assert refused.value.code == "glyph_missing"
    assert name not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_refused_letter_does_not_spoil_the_next() -> None:
    with pytest.raises(Unprintable):
        addressed("王小明")
    assert "Kari Nordmann" in addressed("Kari Nordmann")


def test_direction_overrides_and_control_characters_cannot_change_what_is_read() -> None:
    text = addressed("Kari\u202e nnamdroN\x00\x07\u2066\ufdd0 Hansen\r\nSen")
    assert "Kari nnamdroN Hansen Sen Storgata 1 B" in text


def test_a_long_address_pushes_the_letter_down_instead_of_covering_it() -> None:
    lines = tuple(f"Adresselinje {n} " + "lang " * 20 for n in range(12))
    text = addressed("Stiftelsen " + "med et svært langt navn " * 10, *lines)
    assert all(f"Adresselinje {n}" in text for n in range(12))
    assert text.index("Adresselinje 11") < text.index("Inkassovarsel Vi kan")


def test_a_long_answer_runs_over_several_pages() -> None:
    words = "Vi har sett på det du skrev, og svarer punkt for punkt. " * 30
    rendered = RENDERER.pdf(sample.plan_confirmation(paragraphs=(words,) * 8))
    assert rendered.pages >= 3
    assert sample.text_of(rendered.pdf).count("punkt for punkt") == 240


def test_a_unit_or_service_named_like_markup_prints_as_itself() -> None:
    creditor = replace(sample.FROGNER, name="Bydel *Frogner* #1")
    text = sample.text_of(RENDERER.pdf(replace(sample.varsel(), creditor=creditor)).pdf)
    assert text.count("Bydel *Frogner* #1") == 2


def test_pictures_have_a_page_each() -> None:
    facts = sample.betalingsoppfordring()
    pictures = RENDERER.png(facts, ppi=40)
    assert len(pictures) == RENDERER.pdf(facts).pages
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


def test_a_phone_number_is_printed_when_there_is_one() -> None:
    renderer = Renderer(replace(sample.SENDER, phone="21 80 21 80"))
    assert "Telefon: 21 80 21 80" in sample.text_of(renderer.pdf(sample.varsel()).pdf)


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_printable_text_is_one_composed_line_and_stays_so(text: str) -> None:
    once = printable(text)
    assert once == printable(once)
    assert once == " ".join(once.split())
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Co", "Cn"} for c in once)


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x17F), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_any_latin_name_prints_as_itself(name: str) -> None:
    shown = printable(name)
    if not shown:
        return
    assert "".join(shown.split()) in addressed(name).replace(" ", "")


def test_amounts_days_and_rates_follow_the_language() -> None:
    assert amount(123_450, "nb") == "1\u00a0234,50"
    assert amount(123_450, "en") == "1\u00a0234.50"
    assert day(date(2026, 3, 4), "nn") == "4.\u00a0mars 2026"
    assert day(date(2026, 3, 4), "en") == "4\u00a0March 2026"
    assert (percent("12.25", "nb"), percent("12.25", "en")) == ("12,25", "12.25")


def test_the_basis_for_enforcement_is_written_out_or_left_as_it_came() -> None:
    assert (
        enforcement_basis("tvangsfullbyrdelsesloven 7-2 f", "nb")
        == "tvangsfullbyrdelsesloven §\u00a07-2 bokstav\u00a0f"
    )
    assert enforcement_basis("7-2 d", "en") == "tvangsfullbyrdelsesloven §\u00a07-2 letter\u00a0d"
    assert enforcement_basis("skattebetalingsloven § 14-4", "nb") == "skattebetalingsloven § 14-4"
