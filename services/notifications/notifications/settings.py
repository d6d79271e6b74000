"""Settings of notifications: who sends the letters, how to reach them, and where letters go."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

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

    letter_channel: Literal["folder"] = "folder"
    letters_folder: Path | None = Field(default=None, description="Where the folder channel puts letters.")

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
