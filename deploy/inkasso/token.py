"""``inkasso token``: print a token of the local issuer, for a sandbox."""

from __future__ import annotations

from typing import Annotated

import typer

from embedded.debtors import debtor_ref_of
from inkasso.client import read_settings
from inkasso.output import fail
from inkasso.tokens import make_debtor_token, make_token
from shared.auth import Role
from shared.party import PartyIdError

app = typer.Typer(help="Skriv ut et token for sandkassen.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Personens navn. To navn er to personer (fire øyne).")]


@app.command()
def agency(unit: Annotated[str, typer.Argument(help="Enheten, for eksempel bydel-frogner.")]) -> None:
    """Token for en enhet som sender krav."""
    print(make_token(read_settings(), Role.AGENCY, unit))


@app.command()
def caseworker(
    name: Name = "",
    role: Annotated[list[str] | None, typer.Option(help="Særskilt rolle ved skranken, kan gjentas.")] = None,
) -> None:
    """Token for en saksbehandler."""
    print(make_token(read_settings(), Role.CASEWORKER, name, scopes=tuple(role or ())))


@app.command()
def auditor(name: Name = "") -> None:
    """Token for en revisor, som ser alt og endrer ingenting."""
    print(make_token(read_settings(), Role.AUDITOR, name))


@app.command()
def operator(name: Name = "") -> None:
    """Token for en operatør."""
    print(make_token(read_settings(), Role.OPERATOR, name))


@app.command()
def bank() -> None:
    """Token for banken, som leverer filer."""
    print(make_token(read_settings(), Role.BANK))


@app.command()
def debtor(national_id: Annotated[str, typer.Argument(help="Fødselsnummer eller D-nummer.")]) -> None:
    """Token for en skyldner som har minst ett krav her."""
    settings = read_settings()
    try:
        debtor_ref = debtor_ref_of(settings, national_id)
    except PartyIdError:
        fail("Dette er ikke et gyldig fødselsnummer eller D-nummer.")
    if debtor_ref is None:
        fail("Ingen skyldner med dette nummeret er registrert her.")
    print(make_debtor_token(settings, debtor_ref))
