"""Lots in JSON: a map or a list of descriptions, or what `GET /v1/lots` answers.

The rule that must hold: an answer of the service is a file for it. What an answer tells besides the
description (`lot`, the id once more, and `open_now`) is passed over wherever an object has an `id`.
"""

from parking.web.calls import pointer
from parking.web.lotfiles.described import Checker, Draft, pointing
from parking.web.lotfiles.nodes import Loc, Node
from parking.web.lotfiles.source import Source

ANSWERED = ("id", "lot", "open_now")
"""What an answer tells besides the description."""


def read(source: Source, root: Node, checker: Checker) -> None:
    """Take every lot of a JSON file."""
    lots, items = root.child("lots"), root.child("items")
    if isinstance(root.value, list):
        _read_list(source, root, (), checker)
    elif root.child("id") is not None:  # `GET /v1/lots/{lot}`
        _read_item(source, root, (), checker)
    elif lots is not None:
        _check_members(source, root, ("lots",))
        _read_map(source, lots, checker)
    elif items is not None:
        _check_members(source, root, ("items", "next"))
        _read_list(source, items, ("items",), checker)
    else:
        message = 'a list of lots is expected, or an object with "lots" or "items"'
        source.fault(root.at, "", message)


def _check_members(source: Source, root: Node, known: tuple[str, ...]) -> None:
    for name in root.members:
        if name not in known:
            source.fault(root.key_at((name,)), pointer((name,)), "there is no such field")


def _read_map(source: Source, lots: Node, checker: Checker) -> None:
    if not isinstance(lots.value, dict):
        source.fault(lots.at, "/lots", 'lots by id are expected: {"<id>": {…}}')
    for lot_id, node in lots.members.items():
        at = lots.key_at((lot_id,))
        checker.take(Draft(lot_id, at, node, pointing(("lots", lot_id))))


def _read_list(source: Source, listed: Node, under: Loc, checker: Checker) -> None:
    if not isinstance(listed.value, list):
        source.fault(listed.at, pointer(under), "a list of lots is expected")
    for index, node in enumerate(listed.items):
        _read_item(source, node, (*under, index), checker)


def _read_item(source: Source, node: Node, under: Loc, checker: Checker) -> None:
    if not isinstance(node.value, dict):
        source.fault(node.at, pointer(under), "a lot is an object")
        return
    id_, rest = node.child("id"), node.without(ANSWERED)
    if id_ is None:
        checker.take(Draft(None, node.at, rest, pointing(under)))
    else:
        checker.take(Draft(id_.value, id_.at, rest, pointing(under)))
