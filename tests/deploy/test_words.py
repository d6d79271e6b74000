"""The command line has a Norwegian word for every code that people meet in it."""

from __future__ import annotations

from typing import get_args

from inkasso.words import LETTERS
from shared.events.requests import NoticeKind


def test_every_letter_that_answers_a_request_has_a_norwegian_name() -> None:
    kinds = set(get_args(NoticeKind))
    assert kinds <= set(LETTERS)
    assert all(LETTERS[kind] != kind for kind in kinds)
