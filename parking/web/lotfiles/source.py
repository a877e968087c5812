"""A file as text in which every character has a place, and what is wrong with it.

The rule that must hold: a place is what an editor shows. Lines and columns count from 1, a column
is a character (not a byte), lines end with LF, CR LF or CR, and a byte order mark is no character.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

_LINE_END = re.compile(r"\r\n|\r|\n")
_NOT_UTF8 = re.compile("[\udc80-\udcff]+")  # what "surrogateescape" makes of such bytes
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, order=True)
class FileFault:
    """One thing wrong with a file: where it stands, what it is part of (or ""), and why."""

    line: int
    column: int
    where: str
    message: str

    def __str__(self) -> str:
        """Say it in one line, as it follows the file's name."""
        what = f"{self.where}: {self.message}" if self.where else self.message
        printable = (c if c.isprintable() else ascii(c)[1:-1] for c in what)
        return f"{self.line}:{self.column}: {''.join(printable)}"


class Source:
    """The text of a file; faults gather here."""

    def __init__(self, text: str) -> None:
        """Take the text without a byte order mark."""
        self.text = text
        self._faults: set[FileFault] = set()

    @classmethod
    def decode(cls, data: bytes) -> "Source":
        """Read UTF-8; every stretch of bytes that is not becomes a fault."""
        data = data.removeprefix(_BOM)
        source = cls(data.decode("utf-8", "surrogateescape"))
        hint = None
        for stretch in _NOT_UTF8.finditer(source.text):
            hint = _hint(data) if hint is None else hint
            byte = ord(stretch[0][0]) - 0xDC00
            source.fault(stretch.start(), "", f"not UTF-8: byte 0x{byte:02x}{hint}")
        return source

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    def place(self, at: int) -> tuple[int, int]:
        """Give the line and column of the character at offset `at`."""
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1

    def named(self, at: int) -> str:
        """Name a place in a sentence."""
        line, column = self.place(at)
        return f"line {line}, column {column}"

    def fault(self, at: int, where: str, message: str) -> None:
        """Note what is wrong at offset `at`; the same fault twice is one."""
        self._faults.add(FileFault(*self.place(at), where, message))

    @property
    def faults(self) -> list[FileFault]:
        """All faults by their places."""
        return sorted(self._faults)


def _hint(data: bytes) -> str:
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return "; the file may be GBK, save it as UTF-8"
