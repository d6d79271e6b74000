"""Ways to make the code wrong for a moment, so that a test can be seen to fail."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any


def source_of(function: Callable[..., Any]) -> str:
    """Return the function's source, flush left."""
    return textwrap.dedent(inspect.getsource(function))


def compiled(function: Callable[..., Any], tree: ast.Module) -> CodeType:
    """Return the code of a changed version of ``function``, which sees the same globals."""
    future = __import__("__future__").annotations.compiler_flag
    names: dict[str, Any] = dict(_plain(function).__globals__)
    code = compile(ast.fix_missing_locations(tree), "<mutant>", "exec", flags=future, dont_inherit=True)
    exec(code, names)  # noqa: S102  # our own source, changed in one place
    changed: FunctionType = names[function.__name__]
    return changed.__code__


@contextmanager
def code_of(function: Callable[..., Any], code: CodeType) -> Iterator[None]:
    """Let the function run other code; everyone who imported it is affected."""
    plain = _plain(function)
    before = plain.__code__
    plain.__code__ = code
    try:
        yield
    finally:
        plain.__code__ = before


@contextmanager
def rewritten(function: Callable[..., Any], old: str, new: str) -> Iterator[None]:
    """Let the function run with ``old`` in its source replaced by ``new``."""
    source = source_of(function)
    if source.count(old) != 1:
        raise LookupError(f"{function.__qualname__}: expected {old!r} once, found it {source.count(old)} times")
    with code_of(function, compiled(function, ast.parse(source.replace(old, new)))):
        yield


@contextmanager
def replaced(target: object, name: str, value: object) -> Iterator[None]:
    """Let an attribute have another value."""
    before = getattr(target, name)
    setattr(target, name, value)
    try:
        yield
    finally:
        setattr(target, name, before)


def _plain(function: Callable[..., Any]) -> FunctionType:
    if not isinstance(function, FunctionType):
        raise TypeError(f"{function!r}: expected a plain function")
    return function
