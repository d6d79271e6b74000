"""What a legal package says: the model's fields, the cover, nothing about health, and what is refused at home."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support import letters as sample
from support import petitions
from support.mailroom import TODAY, party
from support.petitions import (
    NATIONAL_ID,
    claim,
    failures,
    files,
    frozen,
    petition,
    sealed,
    shown,
    with_letter,
)

from notifications.settings import Settings
from shared.auth import Role
from shared.events.claims import Address, CreditorFacts, Payee, Representative
from shared.events.legal import LegalPerson, PetitionLetter, PetitionPayment
from shared.ids import letter_id

LETTER = letter_id("d1", "kari")


def test_the_json_has_the_models_fields_with_principal_and_additions_apart(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen())
    room.work()
    found = petition(room)
    assert (found["begjaeringsdato"], found["innsenderReferanse"]) == ("2026-03-11", "petition-1")
    assert found["tvangsfullbyrdelsestype"] == "utlegg"
    assert found["saksoeker"][0]["organisasjonsnummer"] == "958935420"
    assert found["saksoekt"][0]["taxIdentificationNumber"] == NATIONAL_ID
    assert found["betalingsinformasjon"]["kid"] == petitions.PETITION_KID
    main, interest, costs = found["kravTilInnkreving"]
    assert main["kravdetaljer"] == "Hovedkrav"
    assert "relatertKrav" not in main
    assert main["opprinneligBeloep"] == {"beloep": 3210.00, "valuta": "NOK"}
    assert main["gjenstaaendeBeloep"] == {"beloep": 3000.00, "valuta": "NOK"}
    assert main["innbetaling"] == [{"bokfoertDato": "2026-02-20", "beloep": 210.00}]
    assert main["prioritetDekningsloven"] == "e"
    assert main["betalingsoppfordring"][0]["betalingsoppfordring"]["uuid"] == LETTER
    assert interest["relatertKrav"] == costs["relatertKrav"] == ["claim-1"]
    assert interest["rentekrav"]["rentePeriode"] == {"startdato": "2026-01-15", "sluttdato": "2026-03-11"}
    assert (interest["kravdetaljer"], costs["kravdetaljer"]) == ("Rentekrav", "UtenrettsligeKostnader")
    [basis] = found["tvangsgrunnlag"]
    assert basis["varsel"] == [{"type": "varselTvfbl418", "dato": TODAY.isoformat()}]
    assert basis["bokstav"] == "f"
    assert basis["skriftligMeddelelse"]["kanBehandlesIForliksraadet"] is True
    assert '"beloep": 3210.00' in files(room)["begjaering.json"].decode()


def test_the_cover_says_who_what_and_why(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen())
    room.work()
    text = sample.text_of(files(room)["begjaering.pdf"])
    for words in (
        "Begjæring om utlegg",
        "Det tas utlegg til dekning av kravet",
        "Oslo kommune",
        "958935420",
        "Kari Nordmann",
        NATIONAL_ID,
        "Storgata 1 B, 0155 Oslo",
        "3 205,33",
        "tvangsfullbyrdelsesloven § 7-2 bokstav f",
        "20.02.2026: 210,00 kroner",
        "928,00 kroner",
        petitions.PETITION_KID,
        f"vedlegg-01-betalingsoppfordring-{TODAY}.pdf",
    ):
        assert words in text


@pytest.mark.parametrize("claim_type", ["emergency_clinic", "dental_emergency", "nursing_home", "home_care"])
def test_a_health_claim_is_a_municipal_service_and_nothing_more(tmp_path: Path, claim_type: str) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen(claims=[claim(claim_type=claim_type, service_name="Sykehjem, langtidsopphold")]))
    room.work()
    everything = sample.text_of(files(room)["begjaering.pdf"]) + files(room)["begjaering.json"].decode()
    assert "Kommunal tjeneste, faktura 4711" in everything
    for word in ("sykehjem", "langtid", "clinic", "dental", "nursing", "home_care", "periode fra"):
        assert word not in everything.lower()


@pytest.mark.parametrize(
    ("body", "title", "forum"),
    [("forliksraad", "Forliksklage", "forliksraad"), ("husleietvistutvalg", "Klage til Husleietvistutvalget", None)],
)
def test_a_disputed_claim_goes_to_its_body_as_a_complaint(tmp_path: Path, body: str, title: str, forum: str) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen(kind="complaint", body=body))
    room.work()
    text = sample.text_of(files(room)["begjaering.pdf"])
    assert title in text
    assert "Saksøkte har bestridt kravet." in text
    notice = petition(room)["tvangsgrunnlag"][0]["skriftligMeddelelse"]
    assert notice["kanBehandlesIForliksraadet"] is (forum is not None)
    assert petition(room)["tvangsfullbyrdelsestype"] is None


def test_a_company_petitions_for_itself(tmp_path: Path) -> None:
    hall = CreditorFacts(unit="kulturhus-as", name="Kulturhus AS", org_number="999900003")
    room = with_letter(tmp_path)
    person = LegalPerson(org_number="999900003", name="Kulturhus AS")
    room.feed(frozen(claims=[claim(unit=hall)], legal_person=person))
    room.work()
    [petitioner] = petition(room)["saksoeker"]
    assert (petitioner["organisasjonsnummer"], petitioner["navn"]) == ("999900003", "Kulturhus AS")


def test_every_debtor_is_a_party_and_each_letter_is_proof(tmp_path: Path) -> None:
    room = with_letter(tmp_path, debtors=("kari", "ola"))
    room.feed(frozen(debtors=("kari", "ola")))
    room.work()
    assert [one["navn"] for one in petition(room)["saksoekt"]] == ["Kari Nordmann", "Ola Nordmann"]
    assert len([name for name in files(room) if name.startswith("vedlegg-")]) == 2


def test_a_letter_the_unit_sent_itself_is_a_copy_to_add(tmp_path: Path) -> None:
    own = PetitionLetter(demand_id=None, kind="inkassovarsel", sent_on=date(2026, 1, 20), deadline=date(2026, 2, 3))
    room = with_letter(tmp_path)
    room.feed(frozen(claims=[claim(letters=[own, *claim().letters])]))
    room.work()
    manifest = json.loads(files(room)["manifest.json"])
    assert manifest["copies_to_add"] == [{"kind": "inkassovarsel", "sent_on": "2026-01-20"}]
    assert "Sendt av fordringshaveren selv. Kopi legges ved." in sample.text_of(files(room)["begjaering.pdf"])


def test_the_copy_that_the_unit_handed_in_goes_along_and_one_that_is_gone_stops_it(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    content = sample.renderer().pdf(sample.varsel()).pdf
    answer = room.client(Role.AGENCY, unit="bydel-frogner").post(
        "/v1/documents", content=content, headers={"Content-Type": "application/pdf", "Idempotency-Key": "copy"}
    )
    letter = PetitionLetter(
        document_id=answer.json()["document_id"], kind="inkassovarsel", sent_on=date(2026, 1, 20),
        deadline=date(2026, 2, 3),
    )  # fmt: skip
    room.feed(frozen(claims=[claim(letters=[letter, *claim().letters])]))
    room.work()
    name = f"kopi-inkassovarsel-2026-01-20-{answer.json()['sha256'][:8]}.pdf"
    assert files(room)[name] == content
    assert json.loads(files(room)["manifest.json"])["copies_to_add"] == []
    gone = letter.model_copy(update={"document_id": "gone"})
    room.feed(frozen("petition-2", legal_step_ids=["step-2"], claims=[claim(letters=[gone])]))
    room.work()
    assert failures(room) == ["copy_missing"]


def test_a_guardian_is_named_and_a_business_goes_by_its_number(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    guardian = Representative(kind="guardian", name="Vera Verge")
    firm = party("firma", "Firma AS", kind="business", org_number="999900003")
    room.feed(sealed(room, party(representative=guardian)), firm)
    room.feed(frozen(debtors=("kari", "firma")))
    room.work()
    person, business = petition(room)["saksoekt"]
    assert person["representertVed"] == {"navn": "Vera Verge"}
    assert business["organisasjonsnummer"] == "999900003"
    assert "taxIdentificationNumber" not in business


def test_claims_of_several_cases_share_one_petition(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    second = claim("claim-2", legal_step_id="step-2", case_id="case-2", case_number="2600000026")
    room.feed(frozen(claims=[claim(), second], legal_step_ids=["step-1", "step-2"], case_ids=["case-1", "case-2"]))
    room.work()
    assert len(petition(room)["kravTilInnkreving"]) == 6
    assert shown(room)["legal_step_ids"] == ["step-1", "step-2"]


JUDGED: dict[str, Any] = {
    "enforcement_basis": "dom, forlik eller vedtak av 12.03.2026 (tvangsfullbyrdelsesloven § 4-1)",
    "enforcement_basis_on": date(2026, 3, 12),
}
WARNED = PetitionLetter(kind="tvangsvarsel", sent_on=date(2026, 4, 15), deadline=date(2026, 4, 29))


def test_a_judgment_is_petitioned_for_on_itself_and_on_the_notice_that_came_after_it(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen(claims=[claim(letters=[*claim().letters, WARNED], **JUDGED)]))
    room.work()
    [basis] = petition(room)["tvangsgrunnlag"]
    assert (basis["bokstav"], basis["tvangsgrunnlagsdato"]) == (None, "2026-03-12")
    assert basis["varsel"] == [{"type": "varselTvfbl418", "dato": "2026-04-15"}]
    assert "skriftligMeddelelse" not in basis
    assert "Varsel om tvangsfullbyrdelse" in sample.text_of(files(room)["begjaering.pdf"])


def test_a_fine_is_petitioned_for_on_its_decision_with_the_notice_alone(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    decided = {"enforcement_basis": "tvangsfullbyrdelsesloven § 7-2 d", "enforcement_basis_on": date(2025, 11, 3)}
    room.feed(frozen(claims=[claim(letters=[WARNED], **decided)]))
    room.work()
    [basis] = petition(room)["tvangsgrunnlag"]
    assert (basis["bokstav"], basis["tvangsgrunnlagsdato"]) == ("d", "2025-11-03")
    assert [one["dato"] for one in basis["varsel"]] == ["2026-04-15"]


def unfit() -> list[tuple[str, dict[str, Any]]]:
    unwarned = PetitionLetter(demand_id="d1", kind="inkassovarsel", sent_on=TODAY, deadline=TODAY)
    late = PetitionPayment(paid_on=date(2026, 3, 12), amount_ore=1)
    return [
        ("letter_missing", {"claims": [claim(demand="d9")]}),
        ("UGYLDIG_BELOEP", {"claims": [claim(total_ore=1)]}),
        ("amounts_disagree", {"total_ore": 1}),
        ("KRAV_DUPLIKATE_REFERANSER", {"claims": [claim(), claim()]}),
        ("INNBETALING_FRAM_I_TID", {"claims": [claim(payments=[late])]}),
        ("PARAGRAF_4_18_VARSEL_PAAKREVET", {"claims": [claim(letters=[unwarned])]}),
        (
            "KRAV_I_FLERE_TVANGSGRUNNLAG",
            {"claims": [claim(), claim("claim-2", enforcement_basis="tvangsfullbyrdelsesloven § 7-2 d")]},
        ),
        (
            "KRAV_I_FLERE_TVANGSGRUNNLAG",
            {"claims": [claim(), claim("claim-2", letters=[WARNED], **JUDGED)]},
        ),
        # A betalingsoppfordring gave notice of enforcing the invoice, not of the judgment that came later.
        ("PARAGRAF_4_18_VARSEL_PAAKREVET", {"claims": [claim(**JUDGED)]}),
        ("body_unknown", {"kind": "complaint", "body": "namsmann"}),
    ]


@pytest.mark.parametrize(("reason", "changes"), unfit())
def test_a_package_its_body_would_refuse_is_not_made_and_says_why(
    tmp_path: Path, reason: str, changes: dict[str, Any]
) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen(**changes))
    room.work()
    assert failures(room) == [reason]
    assert files(room) == {}
    assert (shown(room)["state"], shown(room)["failure"]) == ("failed", reason)


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("no_national_id", party()),
        ("no_address", party(address=None)),
        ("address_protected", party(address=None, protection="confidential")),
        ("no_org_number", party(kind="business")),
        ("national_id_not_opened", party(sealed_national_id="v1.00000000.AAAA")),
    ],
)
def test_a_party_that_cannot_be_named_is_a_caseworkers(tmp_path: Path, reason: str, state: Any) -> None:
    room = with_letter(tmp_path)
    room.feed(state)
    room.feed(frozen())
    room.work()
    assert failures(room) == [reason]


def test_bodies_have_the_addresses_of_the_settings(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, body_addresses={"namsmann": ["Postboks 1", "0001 Oslo"]})
    assert settings.origin.addresses == {"namsmann": ("Postboks 1", "0001 Oslo")}


def test_the_cover_is_archivable_and_hostile_names_print_as_themselves(tmp_path: Path, verapdf: Any) -> None:
    room = with_letter(tmp_path)
    hostile = '#panic("no") *Kari* $x$'
    home = Address(line1="#x Storgata", postal_code="0155", city="Oslo")
    room.feed(sealed(room, party(name=hostile, address=home)))
    many = [claim(f"claim-{n}", invoice_number=f"F{n}") for n in range(30)]
    payee = Payee(account="13150101837", iban="NO3913150101837", bic="DNBANOKK", name="Oslo kommune")
    room.feed(frozen(claims=many, payee=payee))
    room.work()
    pdf = files(room)["begjaering.pdf"]
    assert hostile in sample.text_of(pdf)
    assert verapdf({"begjaering": pdf}, "2a") == {"begjaering": []}
    assert verapdf({"begjaering": pdf}, "ua1") == {"begjaering": []}
