"""Errors, grouped by what whoever catches them does next.

A duplicate is never an error: handling the same thing twice is success. Messages name field, expected and got, and
never contain a national id, a name or free text.
"""

from __future__ import annotations


class InkassoError(Exception):
    """Root of every error this platform raises on purpose."""


class Reject(InkassoError):
    """The request can never succeed as it stands: tell the caller why and change nothing.

    ``code`` is stable and machine-readable, ``detail`` says what was expected and what came, and ``errors`` lists
    the offending fields as (path, code, detail). ``status`` is the HTTP status the caller gets.
    """

    status = 422

    def __init__(
        self, code: str, detail: str, *, status: int | None = None, errors: list[FieldError] | None = None
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.errors = errors or []
        if status is not None:
            self.status = status


class FieldError(dict[str, str]):
    """One field that was not accepted: ``field`` (path in the body), ``code`` and ``detail``."""

    def __init__(self, field: str, code: str, detail: str) -> None:
        super().__init__(field=field, code=code, detail=detail)


class Invalid(Reject):
    """Fields of the request are not acceptable (problem type ``validation``); one answer names every one of them."""

    def __init__(self, *errors: FieldError) -> None:
        fields = "1 field was" if len(errors) == 1 else f"{len(errors)} fields were"
        super().__init__("validation", f"{fields} not accepted", errors=list(errors))


class NotFound(Reject):
    """Nothing the caller may see has this identity (also the answer for what exists but is not theirs)."""

    status = 404

    def __init__(self, what: str) -> None:
        super().__init__("not-found", f"{what} does not exist, or is not yours to see")


class Conflict(Reject):
    """The request contradicts what is already recorded."""

    status = 409


class Forbidden(Reject):
    """The caller is known, but may not do this."""

    status = 403


class Park(InkassoError):
    """An event that cannot be applied now or ever without a person: park its key, let the others flow."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class RetryLater(InkassoError):
    """A passing fault (a lock, a lost connection): the same call may succeed when repeated."""


class Crash(InkassoError):
    """An invariant is broken: stop rather than continue in a state nobody can vouch for."""
