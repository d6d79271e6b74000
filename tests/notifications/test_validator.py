"""What an independent validator says of our letters: archivable (PDF/A-2a) and accessible (PDF/UA-1), each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from support import letters as sample
from support import notices

from notifications.domain.formats import LANGUAGES
from notifications.domain.letters import Facts, Recipient

Validate = Callable[[Mapping[str, bytes], str], dict[str, list[str]]]


@pytest.mark.parametrize("flavour", ["2a", "ua1"])
def test_every_letter_complies_with_pdf_a_and_pdf_ua(verapdf: Validate, flavour: str) -> None:
    renderer = sample.renderer()
    makers = {
        "varsel": sample.varsel,
        "oppfordring": sample.betalingsoppfordring,
        "gebyr": sample.fee_reversed,
        "avtale": sample.plan_confirmation,
    }
    facts: dict[str, Facts] = {
        f"{name}-{language}": make(language) for name, make in makers.items() for language in LANGUAGES
    }
    facts |= {f"{kind}-{lang}": notices.letter(kind, lang) for kind in notices.KINDS for lang in LANGUAGES}
    strange = Recipient(name="محمد Ærlig #1", address_lines=("«Sør»gata 1", "0155 Oslo"))
    facts["strange"] = replace(sample.varsel(), recipient=strange)
    facts["long"] = sample.varsel(lines=(sample.line(),) * 90)
    assert verapdf({name: renderer.pdf(one).pdf for name, one in facts.items()}, flavour) == {
        name: [] for name in facts
    }
