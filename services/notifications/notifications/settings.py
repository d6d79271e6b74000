"""Settings of notifications: who sends the letters, how to reach them, and where letters go."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from notifications.domain.petition import Origin
from notifications.render import Sender
from shared.settings import BaseServiceSettings

NOTIFICATIONS = "notifications"


class Settings(BaseServiceSettings):
    """What notifications needs to know. Every default is the sample municipality's (decisions B1)."""

    sender_municipality: str = "Oslo kommune"
    sender_office: str = "Innkrevingsetaten"
    sender_org_number: str = Field(default="976819934", pattern=r"^\d{9}$")
    sender_postal: list[str] = Field(
        default=["Postboks 4594 Nydalen", "0404 Oslo"], min_length=1, max_length=4, description="Lines, as JSON."
    )
    sender_phone: str | None = None
    port: int = Field(default=8000, description="Port of the embedded server; only the default of portal_url needs it.")
    portal_url: str | None = Field(default=None, description="Address of Min side, printed and as a QR code.")

    letters_folder: Path | None = Field(default=None, description="Where the folder channel puts letters.")

    petitioner_name: str = Field(default="Oslo kommune", description="Who petitions when the statement does not say.")
    petitioner_org_number: str = Field(default="958935420", pattern=r"^\d{9}$", description="Its main entity.")
    packages_folder: Path | None = Field(default=None, description="Where legal packages are exported.")
    body_addresses: dict[Literal["namsmann", "forliksraad", "husleietvistutvalg"], list[str]] = Field(
        default_factory=dict, description="Address lines of each body, printed on the petition, as JSON."
    )

    @property
    def packages_dir(self) -> Path:
        """Folder of the exported legal packages."""
        return self.packages_folder or self.data_dir / "packages"

    @property
    def origin(self) -> Origin:
        """Who petitions, and where petitions go."""
        return Origin(
            name=self.petitioner_name,
            org_number=self.petitioner_org_number,
            office=f"{self.sender_municipality}, {self.sender_office}",
            office_org_number=self.sender_org_number,
            postal=tuple(self.sender_postal),
            addresses={body: tuple(lines) for body, lines in self.body_addresses.items()},
        )

    @property
    def letters_dir(self) -> Path:
        """Folder of the letters that were given to the folder channel."""
        return self.letters_folder or self.data_dir / "letters"

    @property
    def sender(self) -> Sender:
        """The sender as it is printed."""
        return Sender(
            municipality=self.sender_municipality,
            office=self.sender_office,
            org_number=self.sender_org_number,
            postal=tuple(self.sender_postal),
            portal_url=self.portal_url or f"http://127.0.0.1:{self.port}/min-side",
            phone=self.sender_phone,
        )
