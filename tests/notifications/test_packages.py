"""Legal packages: made of what was frozen, with the letters as proof, handed over once, taken back when they fall."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support import letters as sample
from support import petitions
from support.mailroom import TODAY, Mailroom, issued, party, released
from support.petitions import FROZEN_ON, NATIONAL_ID, claim, dropped, frozen, handed_in, sealed

from notifications.handover import Answer, Exported, HandedIn, Package, Refused, RetryLater
from notifications.handover.assemble import assemble
from notifications.handover.folder import ExportFolder
from notifications.render import Renderer
from notifications.sealed import Opener
from notifications.settings import Settings
from notifications.store import packages
from notifications.tables import Model
from notifications.usecases.petition_facts import petition_of, sources_of
from shared.auth import Role
from shared.events.claims import Address, CreditorFacts, Payee, Representative
from shared.events.legal import PetitionDeclined, PetitionLetter, PetitionPayment
from shared.events.notifications import PackageAssembled, PackageFailed, PackageSubmitted
from shared.ids import letter_id

LETTER = letter_id("d1", "kari")


@dataclass
class Court:
    """A body that takes packages electronically and does as it is told."""

    answers: list[Answer | Exception] = field(default_factory=list)
    given: list[Package] = field(default_factory=list)
    back: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return "court"

    def hand_over(self, package: Package) -> Answer:
        self.given.append(package)
        answer = self.answers.pop(0) if self.answers else HandedIn(FROZEN_ON, "26-000123")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def take_back(self, folder: str) -> bool:
        self.back.append(folder)
        return True


def with_letter(tmp_path: Path, office: Any = None, debtors: tuple[str, ...] = ("kari",)) -> Mailroom:
    """Return a mailroom in which a betalingsoppfordring went to these debtors, whose numbers are known."""
    room = Mailroom(tmp_path, office=office)
    people = [sealed(room, party(ref, f"{ref.title()} Nordmann")) for ref in debtors]
    room.feed(*people, issued(debtors=debtors, kind="betalingsoppfordring"))
    room.work()
    room.feed(released())
    room.work()
    room.clock.set(FROZEN_ON)
    return room


def files(room: Mailroom, step: str = "step-1") -> dict[str, bytes]:
    folder = room.folder / "packages" / step
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())} if folder.exists() else {}


def petition(room: Mailroom) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files(room)["begjaering.json"])
    return found


def failures(room: Mailroom) -> list[str]:
    return [one.reason for one in room.published(PackageFailed)]  # type: ignore[attr-defined]


def shown(room: Mailroom) -> dict[str, Any]:
    found: dict[str, Any] = room.client().get("/v1/packages/petition-1").json()
    return found


def test_a_frozen_petition_becomes_a_folder_that_a_caseworker_hands_in(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen())
    room.work()
    made = files(room)
    attachment = f"vedlegg-01-betalingsoppfordring-{TODAY}.pdf"
    assert sorted(made) == ["begjaering.json", "begjaering.pdf", "manifest.json", attachment]
    manifest = json.loads(made["manifest.json"])
    for one in manifest["files"]:
        assert hashlib.sha256(made[one["name"]]).hexdigest() == one["sha256"]
        assert len(made[one["name"]]) == one["bytes"]
    assert made[attachment] == room.client().get(f"/v1/letters/{LETTER}/document").content
    [told] = room.published(PackageAssembled)
    assert told.model_dump() == {
        "package_id": "petition-1",
        "case_id": "case-1",
        "legal_step_ids": ["step-1"],
        "body": "namsmann",
        "office": "folder",
        "files": 4,
        "sha256": hashlib.sha256(made["manifest.json"]).hexdigest(),
        "assembled_on": FROZEN_ON,
    }
    assert shown(room)["state"] == "assembled"
    with room.service.db.read() as tx:
        assert room.service.service_backlog(tx) == {"letters": 0, "packages": 0}


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen())
    room.work()
    folder = room.folder / "packages/step-1"
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


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
    room.feed(frozen(claims=[claim(unit=hall)]))
    room.work()
    assert petition(room)["saksoeker"][0]["organisasjonsnummer"] == "999900003"


def test_opening_a_national_id_is_logged_without_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    room = with_letter(tmp_path)
    with caplog.at_level(logging.INFO):
        room.feed(frozen())
        room.work()
    said = [record.getMessage() for record in caplog.records if "national id" in record.getMessage()]
    assert said == ["national id of debtor kari opened: petition petition-1"]
    assert NATIONAL_ID not in caplog.text


def test_the_national_id_is_in_no_table_and_no_event(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen())
    room.work()
    with room.service.db.read() as tx:
        for table in Model.metadata.sorted_tables:
            assert NATIONAL_ID not in str(tx.execute(table.select()).all())


def test_a_package_waits_for_the_version_of_the_party_it_was_frozen_against(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    late = frozen().parties[0].model_copy(update={"party_version": 2})
    room.feed(frozen(parties=[late]))
    assert room.work() == 0
    room.feed(sealed(room, party(name="Kari Hansen")))
    room.work()
    assert "Kari Hansen" in sample.text_of(files(room)["begjaering.pdf"])


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


def test_an_erased_party_ends_the_package(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.erase("kari")
    room.feed(frozen())
    room.work()
    assert failures(room) == ["erased"]


@pytest.mark.parametrize("first", ["petition", "drop"])
def test_a_step_that_falls_away_takes_its_package_back_whichever_is_heard_first(tmp_path: Path, first: str) -> None:
    room = with_letter(tmp_path)
    if first == "petition":
        room.feed(frozen())
        room.work()
        assert files(room)
        room.feed(dropped())
    else:
        room.feed(dropped())
        room.feed(frozen())
    room.work()
    assert files(room) == {}
    assert (shown(room)["state"], shown(room)["withdrawn_reason"]) == ("withdrawn", "paid")
    assert room.work() == 0


def test_a_declined_part_takes_the_whole_petition_with_it(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    second = claim("claim-2", legal_step_id="step-2", case_id="case-2")
    room.feed(frozen(claims=[claim(), second], legal_step_ids=["step-1", "step-2"]))
    room.work()
    room.feed(PetitionDeclined(legal_step_id="step-2", case_id="case-2", claim_ids=["claim-2"], reason="disputed"))
    room.work()
    assert files(room) == {}


def test_a_package_that_was_handed_in_stays(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen())
    room.work()
    room.feed(handed_in())
    room.feed(dropped())
    room.work()
    assert files(room)
    assert (shown(room)["state"], shown(room)["submitted_on"]) == ("submitted", "2026-03-11")


def test_a_body_that_takes_packages_itself_gives_its_reference(tmp_path: Path) -> None:
    court = Court()
    room = with_letter(tmp_path, court)
    room.feed(frozen())
    room.work()
    [told] = room.published(PackageSubmitted)
    assert (told.reference, told.submitted_on, told.office) == ("26-000123", FROZEN_ON, "court")  # type: ignore[attr-defined]
    assert len(room.published(PackageAssembled)) == 1
    assert shown(room)["reference"] == "26-000123"
    assert [one.address for one in court.given] == [()]


def test_a_body_that_falters_is_asked_again_with_the_same_bytes(tmp_path: Path) -> None:
    court = Court([RetryLater("busy"), TimeoutError("read of secret")])
    room = with_letter(tmp_path, court)
    room.feed(frozen())
    for _ in range(6):
        room.work()
        room.machine.advance(seconds=4)
    assert len(court.given) == 3
    assert len({tuple(file.sha256 for file in one.files) for one in court.given}) == 1
    assert len(room.published(PackageSubmitted)) == 1


def test_a_body_that_refuses_says_why(tmp_path: Path) -> None:
    room = with_letter(tmp_path, Court([Refused("SAKSOEKT_GAMMELT_REGELVERK")]))
    room.feed(frozen())
    room.work()
    assert failures(room) == ["SAKSOEKT_GAMMELT_REGELVERK"]


def test_the_same_petition_again_makes_nothing_new_and_a_crash_leaves_one_folder(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen())
    with room.service.db.read() as tx:
        [one] = packages.to_make(tx, room.machine.now(), 10)
        sources = sources_of(tx, one)
    opener = Opener((room.folder / "keys/notifications.key",))
    facts = petition_of(sources, Settings(data_dir=room.folder).origin, opener)
    parcel = assemble(Renderer(sample.SENDER), facts, "step-1", sources.pdfs)
    folder = ExportFolder(room.folder / "packages")
    assert folder.hand_over(parcel) == Exported()
    before = files(room)
    (room.folder / "packages/.step-1.part").mkdir()
    room.crash()
    room.feed(frozen())
    room.work()
    assert sorted(files(room)) == sorted(before)
    assert [path.name for path in (room.folder / "packages").iterdir()] == ["step-1"]
    assert len(room.published(PackageAssembled)) == 1


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    (room.folder / "packages").write_text("a file where the folder should be")
    room.feed(frozen())
    room.work()
    assert shown(room)["state"] == "planned"
    (room.folder / "packages").unlink()
    room.machine.advance(seconds=5)
    room.work()
    assert shown(room)["state"] == "assembled"


def test_bodies_have_the_addresses_of_the_settings(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, body_addresses={"namsmann": ["Postboks 1", "0001 Oslo"]})
    assert settings.origin.addresses == {"namsmann": ("Postboks 1", "0001 Oslo")}


def test_packages_are_the_desks_to_see(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen())
    room.work()
    assert [one["package_id"] for one in room.client().get("/v1/packages?case_id=case-1").json()["items"]] == [
        "petition-1"
    ]
    assert room.client().get("/v1/packages/none").status_code == 404
    assert room.client(Role.DEBTOR, debtor_ref="kari").get("/v1/packages").status_code == 403
    assert room.client(Role.AGENCY, unit="bydel-frogner").get("/v1/packages").status_code == 403


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
