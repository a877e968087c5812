"""Fields of a form as gateways post them: as a URL has them, in parts with files, or as JSON."""

import re
from typing import Any
from urllib.parse import parse_qsl, unquote

from parking.ingest.decoded import NotDecodable
from parking.ingest.formats.message import Message, encoding_of, json_of, media_of

MOST_FIELDS = 200
_NAME = re.compile(r'\bname="([^"]*)"')


def fields_of(message: Message, encoding: str | None = None) -> dict[str, Any]:
    """Give the fields; files are left out unread. NotDecodable when it is no form.

    With a field `encoding` of `URL` the texts are encoded as in a URL once more.
    """
    found = fields_as_sent(message, encoding)
    if found.get("encoding") != "URL":
        return found
    named = encoding_of(message, encoding)
    return {
        name: unquote(value, named, "replace") if isinstance(value, str) else value
        for name, value in found.items()
    }


def fields_as_sent(message: Message, encoding: str | None = None) -> dict[str, Any]:
    """Give the fields as a signature covers them."""
    media, parameters = media_of(message)
    named = encoding_of(message, encoding)
    if media == "multipart/form-data":
        return _parts(message.body, parameters.get("boundary", ""), named)
    if not message.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _pairs(message.body, named)
    found = json_of(message, encoding)
    if not isinstance(found, dict):
        raise NotDecodable("it is neither a form nor JSON")
    return found


def _pairs(body: bytes, encoding: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            encoding=encoding,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise NotDecodable("it is neither a form nor JSON") from None
    return _gathered(pairs)


def _parts(body: bytes, boundary: str, encoding: str) -> dict[str, Any]:
    """Give the texts among the parts of a form; a part with the name of a file is one."""
    if not boundary or len(boundary) > 70 or not boundary.isascii():
        raise NotDecodable("its parts have no boundary")
    mark = b"--" + boundary.encode()
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise NotDecodable("its parts are cut off")
    if len(pieces) > MOST_FIELDS:
        raise NotDecodable(f"it has more than {MOST_FIELDS} parts")
    pairs = []
    for piece in pieces[1:-1]:
        head, blank, value = piece.partition(b"\r\n\r\n")
        told = head.decode("utf-8", "replace")
        name = _NAME.search(told)
        if not blank:
            raise NotDecodable("one of its parts has no head")
        if name is not None and "filename" not in told:
            try:
                pairs.append((name[1], value.decode(encoding)))
            except UnicodeError:
                raise NotDecodable(f"one of its parts is not text in {encoding}") from None
    return _gathered(pairs)


def _gathered(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Give the fields by name; one that comes again is a list, and read as what is one alone."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found
