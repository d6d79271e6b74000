"""The command ``inkasso`` and its parts."""

from __future__ import annotations

import typer

from inkasso import bank, bus, case, clock, creditors, demo, ladder, legal, parked, rates, token

app = typer.Typer(
    name="inkasso",
    help="Kommunal innkreving fra kommandolinjen. Alt unntatt «token» og «rates» snakker med en server som kjører.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(token.app, name="token")
app.add_typer(bank.app, name="bank")
app.add_typer(bank.days, name="bank-day")
app.add_typer(clock.app, name="clock")
app.add_typer(case.app, name="case")
app.add_typer(ladder.app, name="ladder")
app.add_typer(legal.app, name="legal")
app.add_typer(parked.app, name="parked")
app.add_typer(bus.app, name="bus")
app.add_typer(rates.app, name="rates")
app.add_typer(creditors.app, name="creditors")
app.command("import")(bank.import_files)
app.command("demo")(demo.run_demo)

if __name__ == "__main__":
    app()
