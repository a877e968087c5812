"""CSV text as rows of cells, each with its place.

As RFC 4180 has it: a cell in double quotes may hold separators, ends of lines and doubled quotes.
The separator is the one of comma, semicolon and tab that the first line has most of. White space
around a cell does not count.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from parking.web.lotfiles.source import Source

_SEPARATORS = ",;\t"
_QUOTED = re.compile(r'"([^"]*(?:""[^"]*)*)"')
_END = re.compile(r"\r\n|\r|\n")


class Cell(NamedTuple):
    """A cell's text and the offset that it starts at: its quote, where it has one."""

    at: int
    text: str


def separator(text: str) -> str:
    """Tell what separates the cells, by the first line that is not blank."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    unquoted = _QUOTED.sub("", first)
    return max(_SEPARATORS, key=unquoted.count)


def rows(source: Source) -> Iterator[list[Cell]]:
    """Read row by row; a row ends with one more cell, empty, that tells where it ends."""
    text, comma = source.text, separator(source.text)
    plain, blank = re.compile(rf"[^{comma}\r\n]*"), re.compile(rf"[^\S{comma}\r\n]*")
    at, row = 0, list[Cell]()
    while at < len(text) or row:
        quote = _end(blank, text, at)
        quoted = _QUOTED.match(text, quote)
        end = _end(plain, text, at if quoted is None else quoted.end())
        if quoted is None:
            if text.startswith('"', quote):
                source.fault(quote, "", "this quote is not closed")
            row.append(Cell(at, text[at:end].strip()))
        else:
            if text[quoted.end() : end].strip():
                source.fault(quoted.end(), "", "text after the closing quote")
            row.append(Cell(quote, quoted[1].replace('""', '"').strip()))
        if text.startswith(comma, end):
            at = end + 1
            continue
        yield [*row, Cell(end, "")]
        row = []
        at = _end(_END, text, end)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Give where a match at `at` ends; `at` when there is none."""
    match = pattern.match(text, at)
    return at if match is None else match.end()
