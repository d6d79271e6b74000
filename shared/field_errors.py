"""What is wrong with a field, in our own codes and words: what was expected and what kind of thing came.

Pydantic finds the faults; its codes and sentences change with its releases and repeat what was sent, so each is put
into a code that stays and a sentence that names types only. A value never leaves this file: it may be personal data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.errors import FieldError
from shared.party import mask

FIELD_MAX_CHARS = 80
"""How much of a field's path is repeated: a field that is not in the schema has the caller's own name."""

OTHER_TEXT = "other text"
BODY = "body"


@dataclass(frozen=True, slots=True)
class _Fault:
    """How one of pydantic's faults is told; ``got`` is the kind of what came unless it is said here."""

    code: str
    expected: str
    got: str | None = None


_NOUNS = {
    "bool": "true or false",
    "bytes": "text",
    "date": "a date such as 2026-01-31",
    "datetime": "an instant such as 2026-01-31T09:00:00Z",
    "decimal": "a number",
    "dict": "an object",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "model": "an object",
    "model_attributes": "an object",
    "string": "text",
    "uuid": "an id such as 01890a5d-ac96-774b-bcce-b302099a8057",
}
_FAULTS: dict[str, _Fault] = {
    **{f"{kind}_type": _Fault("wrong-type", noun) for kind, noun in _NOUNS.items()},
    **{f"{kind}_parsing": _Fault("wrong-form", noun, OTHER_TEXT) for kind, noun in _NOUNS.items()},
    "date_from_datetime_inexact": _Fault("wrong-form", _NOUNS["date"], "a time of day too"),
    "date_from_datetime_parsing": _Fault("wrong-form", _NOUNS["date"], OTHER_TEXT),
    "datetime_from_date_parsing": _Fault("wrong-form", _NOUNS["datetime"], OTHER_TEXT),
    "enum": _Fault("not-one-of", "{expected}"),
    "extra_forbidden": _Fault("unknown-field", "no field of this name"),
    "greater_than": _Fault("too-small", "more than {gt}", "less"),
    "greater_than_equal": _Fault("too-small", "{ge} or more", "less"),
    "int_from_float": _Fault("wrong-type", _NOUNS["int"]),
    "int_parsing_size": _Fault("too-large", _NOUNS["int"], "one beyond all bounds"),
    "less_than": _Fault("too-large", "less than {lt}", "more"),
    "less_than_equal": _Fault("too-large", "{le} or less", "more"),
    "literal_error": _Fault("not-one-of", "{expected}"),
    "missing": _Fault("missing", "a value", "nothing"),
    "string_pattern_mismatch": _Fault("wrong-form", "text of the form {pattern}", OTHER_TEXT),
    "string_too_long": _Fault("too-long", "at most {max_length} characters", "more"),
    "string_too_short": _Fault("too-short", "at least {min_length} characters", "fewer"),
    "string_unicode": _Fault("wrong-form", "text of whole characters", OTHER_TEXT),
    "timezone_aware": _Fault("wrong-form", "an instant with its time zone", "one without"),
    "too_long": _Fault("too-long", "at most {max_length} items", "more"),
    "too_short": _Fault("too-short", "at least {min_length} items", "fewer"),
}
_UNNAMED = _Fault("not-accepted", "another value")
_OURS = "value_error"
"""A fault that a validator of ours found: its sentence says what was expected."""


def field_path(location: Sequence[int | str]) -> str:
    """Turn a validation location into a path in the body: ('body', 'debtor', 'name') → debtor.name."""
    parts = [str(part) for part in location]
    if len(parts) > 1 and parts[0] in {BODY, "query", "path", "header"}:
        parts = parts[1:]
    return ".".join(parts) or BODY


def field_errors(faults: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """Turn pydantic's faults (with their inputs) into ours: field, stable code, and expected and got in types only."""
    return [_field_error(fault) for fault in faults]


def _field_error(fault: Mapping[str, Any]) -> FieldError:
    field = mask(field_path(fault["loc"]))[:FIELD_MAX_CHARS]
    if fault["type"] == _OURS:
        expected = str(fault["msg"]).removeprefix("Value error, ")
        detail = expected if ", got " in expected else f"{expected}, got {_kind(fault.get('input'), OTHER_TEXT)}"
        return FieldError(field, "wrong-form", detail)
    told = _FAULTS.get(fault["type"], _UNNAMED)
    expected = told.expected.format_map(fault.get("ctx") or {})
    same = OTHER_TEXT if told.code in {"not-one-of", _UNNAMED.code} else _NOUNS["string"]
    return FieldError(field, told.code, f"expected {expected}, got {told.got or _kind(fault.get('input'), same)}")


def _kind(value: object, text: str) -> str:
    """Name the JSON type of a value; ``text`` is what text is called."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a decimal number"
        case list() | tuple() | set():
            return "a list"
        case dict():
            return "an object"
        case str():
            return text
        case _:
            return "something else"
