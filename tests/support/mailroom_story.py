"""One letter's whole way, run as a process of its own so that it may be killed anywhere: ``mailroom_story.py FOLDER``.

Run again on the same folder it takes the same records at the same offsets: what was done stays, the rest is done.
"""

from __future__ import annotations

import sys
from pathlib import Path

from support.mailroom import Mailroom, issued, party, released


def tell(folder: Path) -> Mailroom:
    """Take a demand for two co-debtors through to its letters."""
    room = Mailroom(folder)
    room.feed(party("kari"), party("ola", "Ola Nordmann"), issued(debtors=("kari", "ola")))
    room.work()
    room.feed(released())
    room.work()
    return room


if __name__ == "__main__":
    tell(Path(sys.argv[1]))
