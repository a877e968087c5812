"""CSV as systems write it: with a byte order mark, semicolons, in encodings of old."""

import csv
import io
from collections.abc import Collection, Iterator, Sequence

from parking.ingest.decoded import NotDecodable

DELIMITERS = ",;\t|"
MOST_COLUMNS = 1_000


def rows(
    text: str,
    *,
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
    needed: Collection[str] = (),
) -> Iterator[tuple[int, dict[str, str]]]:
    """Give each row with the number of its line, from 1, its cells by their columns' names.

    Without `columns` the first line names them. Without `delimiter` it is whichever of , ; tab |
    the first line has most of. Empty cells and empty lines are left out. NotDecodable when it is no
    table, or has not all columns that are `needed`.
    """
    first = text.lstrip("\r\n").partition("\n")[0]
    if delimiter is None:
        delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names = None if columns is None else [name.strip() for name in columns]
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if names is None:
                names = _names(cells)
                _check(names, needed)
                continue
            if len(cells) > len(names):
                raise NotDecodable(f"line {reader.line_num}: it has more cells than columns")
            filled = zip(names, (cell.strip() for cell in cells), strict=False)
            yield reader.line_num, {name: cell for name, cell in filled if cell}
    except csv.Error:
        raise NotDecodable(f"line {reader.line_num}: it is not CSV") from None
    if names is None:
        raise NotDecodable("it is empty: the first line names the columns")


def _check(names: Sequence[str], needed: Collection[str]) -> None:
    for name in needed:
        if name not in names:
            raise NotDecodable(f"it has no column {name}")


def _names(cells: Sequence[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if len(names) > MOST_COLUMNS:
        raise NotDecodable(f"it has more than {MOST_COLUMNS} columns")
    named = [name for name in names if name]
    if len(set(named)) != len(named):
        raise NotDecodable("two of its columns have the same name")
    return names
