"""``inkasso import``, ``inkasso bank`` and ``inkasso bank-day``: what comes from the bank."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from inkasso.client import Refused, Server, connect, explain
from inkasso.clock import PATH as CLOCK_PATH
from inkasso.output import amount, console, errors, fail, table
from inkasso.words import FILE_STATES, many, word
from payments_ingest.formats import OcrPayment, make_ocr_file
from shared.auth import Role
from shared.clock import SystemMachine
from shared.kid import has_valid_check_digit
from shared.money import parse_kroner
from shared.party import PartyIdError, check_account

app = typer.Typer(help="Bankfiler.", no_args_is_help=True)
days = typer.Typer(help="Bankdager.", no_args_is_help=True)

OUR_ACCOUNT = "13150101837"
FILES = "/payments-ingest/v1/files"
POLL_S = 0.2

Files = Annotated[list[Path], typer.Argument(help="Filer fra banken.", exists=True, dir_okay=False)]


def import_files(files: Files) -> None:
    """Lever bankfiler og vent til de er lest. Status 1 når en fil ble avvist."""
    server = connect()
    shown = table("Bankfiler", "Fil", "Tilstand", "Betalinger", "Kroner", "Merknader", right=("Betalinger", "Kroner"))
    refused_any = False
    try:
        with _bar() as progress:
            for path in files:
                found = deliver(server, path.read_bytes(), path.name, _shown_by(progress, path.name))
                notes = "\n".join(_note(problem) for problem in found["problems"])
                shown.add_row(
                    path.name,
                    word(FILE_STATES, found["state"]),
                    str(found["payment_count"]),
                    amount(found["amount_ore"]),
                    notes,
                )
                refused_any = refused_any or found["state"] == "refused"
    except Refused as refused:
        raise explain(refused) from None
    console.print(shown)
    if refused_any:
        raise typer.Exit(1)


def deliver(
    server: Server, content: bytes, file_name: str, watch: Callable[[dict[str, Any]], None] | None = None
) -> dict[str, Any]:
    """Upload a bank file and return it once it is no longer in work; ``watch`` sees it meanwhile. Raises Refused."""
    found = server.upload(FILES, content, role=Role.BANK, file_name=file_name)
    while True:
        if watch is not None:
            watch(found)
        if found["state"] != "processing":
            return found
        time.sleep(POLL_S)
        found = server.get(f"{FILES}/{found['file_id']}", role=Role.BANK)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[stage]}"),
        TimeRemainingColumn(),
        console=errors,
        transient=True,
    )


def _shown_by(progress: Progress, name: str) -> Callable[[dict[str, Any]], None]:
    """Show a file's way: while it is read nobody knows how much there is, then how many payments are booked."""
    task = progress.add_task(name, total=None, stage="leses")

    def show(file: dict[str, Any]) -> None:
        released, total = file["progress"]["released"], file["progress"]["total"]
        if file["state"] != "processing":
            progress.update(task, total=1, completed=1, stage=word(FILE_STATES, file["state"]))
        elif total:
            progress.update(task, total=total, completed=released, stage=f"{released} av {total} bokført")

    return show


def _note(problem: dict[str, Any]) -> str:
    """Return what is wrong with a file in the server's own words: they are the format's, which is in English here."""
    return f"{problem['where']}: expected {problem['expected']}, got {problem['got']}"


@app.command("make-file")
def make_file(
    pay: Annotated[list[str], typer.Option(help="KID=BELØP i kroner, kan gjentas.")],
    out: Annotated[Path | None, typer.Option(help="Hvor filen skrives; uten: standard ut.")] = None,
    ordered: Annotated[
        datetime | None, typer.Option(help="Dagen betaleren ga oppdraget; uten: bankdagen.", formats=["%Y-%m-%d"])
    ] = None,
    day: Annotated[
        datetime | None, typer.Option(help="Bankdagen; uten: serverens virkedato.", formats=["%Y-%m-%d"])
    ] = None,
    account: Annotated[str, typer.Option(help="Kontoen det betales til.")] = OUR_ACCOUNT,
    number: Annotated[int | None, typer.Option(help="Forsendelsesnummer; uten: et nytt.", min=1, max=9_999_999)] = None,
) -> None:
    """Lag en gyldig OCR-fil som betaler de oppgitte KID-ene, som om den kom fra banken."""
    try:
        to = check_account(account)
    except PartyIdError:
        fail("--account: forventet et norsk kontonummer på elleve siffer", 2)
    payments = [_payment(text, ordered.date() if ordered else None) for text in pay]
    content = make_ocr_file(to, payments, number or fresh_number(), day.date() if day else _today())
    if out is None:
        typer.get_binary_stream("stdout").write(content)
    else:
        out.write_bytes(content)
        count = many(len(payments), "betaling", "betalinger")
        console.print(f"{out}: {count}, {amount(sum(p.amount_ore for p in payments))} kroner")


def fresh_number() -> int:
    """Return a transmission number that no earlier file of this installation is likely to have."""
    return int(SystemMachine().now().timestamp() * 100) % 9_999_999 + 1


def _payment(text: str, ordered: date | None) -> OcrPayment:
    kid, equals, kroner = text.partition("=")
    if not equals:
        fail(f"--pay: forventet KID=BELØP, fikk {text!r}", 2)
    if not has_valid_check_digit(kid):
        fail(f"--pay: {kid!r} er ingen gyldig KID", 2)
    try:
        ore = parse_kroner(kroner)
    except ValueError:
        ore = 0
    if ore <= 0:
        fail(f"--pay: forventet et beløp over null, for eksempel 1234,50, fikk {kroner!r}", 2)
    return OcrPayment(amount_ore=ore, kid=kid, bank_date=ordered)


def _today() -> date:
    try:
        return date.fromisoformat(connect().get(CLOCK_PATH)["date"])
    except Refused as refused:
        raise explain(refused) from None


@days.command("close")
def close_day(
    day: Annotated[datetime, typer.Argument(help="Bankdagen.", formats=["%Y-%m-%d"])],
    reason: Annotated[str, typer.Option(help="Hvorfor den lukkes for hånd.", prompt="Begrunnelse")],
    account: Annotated[str, typer.Option(help="Kontoen.")] = OUR_ACCOUNT,
    who: Annotated[str, typer.Option("--as", help="Operatørens navn.")] = "",
) -> None:
    """Lukk en bankdag for hånd: alt banken melder for den, er kommet."""
    body = {"account": account, "day": day.date().isoformat(), "reason": reason}
    try:
        closed = connect().post("/payments-ingest/v1/bank-days/close", body, name=who)
    except Refused as refused:
        raise explain(refused) from None
    console.print(
        f"{closed['day']}: {many(closed['count'], 'bevegelse', 'bevegelser')}, {amount(closed['sum_ore'])} kroner"
    )
