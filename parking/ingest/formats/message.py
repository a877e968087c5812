"""A message as it came: what every decoder is given, and reading its text."""

import codecs
import re
from dataclasses import dataclass
from typing import Any

import msgspec

from parking.ingest.decoded import NotDecodable

_PARAMETER = re.compile(r'([A-Za-z0-9*_-]+)\s*=\s*("[^"]*"|[^\s;"]+)')
_BOM = "\ufeff"
_ENCODINGS = frozenset(
    (
        "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "ascii",
        "gb2312", "gbk", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "koi8-r",
    )
)  # fmt: skip
_FAMILIES = ("iso8859-", "cp125", "cp437", "cp850")


@dataclass(frozen=True, slots=True)
class Message:
    """A body with what is known of it beside.

    `media` is its media type with parameters, as the sender names it; `part` what of the path says
    which message it is; `now` when it came, us; `modified` when its source says it was last
    changed, us, None if it does not say.
    """

    body: bytes
    now: int
    media: str = ""
    part: str = ""
    modified: int | None = None


def media_of(message: Message) -> tuple[str, dict[str, str]]:
    """Give the media type in lower case, and its parameters."""
    kind, _, rest = message.media.partition(";")
    found = {name.lower(): value.strip('"') for name, value in _PARAMETER.findall(rest)}
    return kind.strip().lower(), found


def find_encoding(name: str) -> str | None:
    """Give the codec that a name means, if it is one of those that systems use, else None."""
    try:
        codec = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return codec if codec in _ENCODINGS or codec.startswith(_FAMILIES) else None


def encoding_of(message: Message, encoding: str | None = None) -> str:
    """Give the encoding of a message: this one, else the one that its sender names, else UTF-8."""
    named = find_encoding(encoding or media_of(message)[1].get("charset") or "utf-8")
    if named is None:
        raise NotDecodable("the encoding that its sender names is not known")
    return named


def text_of(message: Message, encoding: str | None = None) -> str:
    """Give the body as text, without a byte order mark; NotDecodable when it is none."""
    named = encoding_of(message, encoding)
    try:
        text = message.body.decode(named)
        text.encode()  # half a pair of surrogates is no text
    except (UnicodeError, ValueError):
        raise NotDecodable(f"it is not text in {named}") from None
    return text.removeprefix(_BOM)


def json_of(message: Message, encoding: str | None = None) -> Any:
    """Give the body as JSON values; NotDecodable when it is none."""
    try:
        return msgspec.json.decode(text_of(message, encoding))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise NotDecodable("it is not JSON") from None
