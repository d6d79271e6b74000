"""Puts XML together: a node is a name with text or nodes in it, and what is None is left out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lxml import etree

Part = etree._Element | str | None


class Nodes:
    """Makes elements of one namespace."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._nsmap: Any = {None: namespace}  # the stubs know no default namespace

    def __call__(self, name: str, *parts: Part, **attributes: str) -> etree._Element:
        """An element holding ``parts`` in order: nodes, or one text."""
        element = etree.Element(f"{{{self._namespace}}}{name}", attributes, nsmap=self._nsmap)
        for part in parts:
            if isinstance(part, str):
                element.text = part
            elif part is not None:
                element.append(part)
        return element

    def maybe(self, name: str, text: str | None) -> etree._Element | None:
        """An element with a text, None when there is none."""
        return self(name, text) if text else None

    def path(self, path: str, *parts: Part) -> etree._Element:
        """Elements inside one another ("Id/Othr/Id"), the innermost holding ``parts``."""
        *outer, inner = path.split("/")
        element = self(inner, *parts)
        for name in reversed(outer):
            element = self(name, element)
        return element

    def money(self, name: str, ore: int, currency: str = "NOK") -> etree._Element:
        """An amount with its currency."""
        return self(name, kroner(ore), Ccy=currency)


def kroner(ore: int) -> str:
    """Øre as a decimal number with two decimals; ValueError below zero."""
    if ore < 0:
        raise ValueError(f"an amount of 0 or more is expected, got {ore}")
    return f"{ore // 100}.{ore % 100:02d}"


def document(root: etree._Element, parts: Iterable[etree._Element] = ()) -> bytes:
    """The bytes of a document, ``parts`` added to its root."""
    root.extend(parts)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written
