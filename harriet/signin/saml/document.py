"""Reads XML from outside: bounded in bytes, depth and elements; no DTD, entity, comment or instruction in it."""

from __future__ import annotations

from lxml import etree

from harriet.signin.errors import refused

LARGEST_BYTES = 256 * 1024
DEEPEST = 30
MOST_ELEMENTS = 5000
_IDS = ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id")


def read_document(xml: bytes) -> etree._Element:
    """The root. Raises SignInRefused."""
    if len(xml) > LARGEST_BYTES:
        raise refused("the answer of the identity provider is larger than Harriet reads.")
    if b"<!" in xml.replace(b"<![CDATA[", b""):
        raise refused("the answer of the identity provider has a comment or a document type in it.")
    try:
        root = etree.fromstring(xml, parser=_parser())
    except (etree.XMLSyntaxError, ValueError):
        raise refused("the answer of the identity provider can't be read.") from None
    _check(root)
    return root


def _parser() -> etree.XMLParser:
    """UTF-8 alone: what was looked through as bytes is what is read."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=False,
        remove_pis=False,
        collect_ids=False,
    )


def _check(root: etree._Element) -> None:
    info = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None or info.externalDTD is not None:
        raise refused("the answer of the identity provider has a document type.")
    around = [*root.itersiblings(), *root.itersiblings(preceding=True)]
    seen: set[str] = set()
    waiting = [(one, 1) for one in (root, *around)]
    count = 0
    while waiting:
        element, depth = waiting.pop()
        count += 1
        if not isinstance(element.tag, str):
            raise refused("the answer of the identity provider has a comment, an instruction or an entity in it.")
        if depth > DEEPEST or count > MOST_ELEMENTS:
            raise refused("the answer of the identity provider is nested deeper, or longer, than Harriet reads.")
        _check_ids(element, seen)
        waiting.extend((child, depth + 1) for child in element)


def _check_ids(element: etree._Element, seen: set[str]) -> None:
    for value in (element.get(name) for name in _IDS):
        if value is not None and value in seen:
            raise refused("two parts of the identity provider’s answer have the same id.")
        if value is not None:
            seen.add(value)
