"""Usage as files, written row by row as they are read: CSV and Parquet."""

import asyncio
import csv
import importlib.util
import io
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from aiohttp import web

from parking.domain.instants import parse
from parking.web.usage_rows import Row

_AT_ONCE = 1 << 16  # bytes
_ROWS_AT_ONCE = 20_000
_ROWS_A_TURN = 100
_KINDS = {
    "lot": "string", "zone": "string", "class": "string", "district": "string",
    "hour_of_week": "int16", "start": "timestamp", "end": "timestamp", "capacity": "int64",
    "arrivals": "int64", "departures": "int64", "arrivals_are": "string", "peak_hour": "int16",
    "low_coverage": "bool_", "lots": "int64", "lots_covered": "int64",
}  # fmt: skip
"""The Parquet type of each column; the others are float64."""


class Writer(Protocol):
    """Writes rows into bytes, which are taken now and then."""

    content_type: str

    def write(self, row: Row) -> None:
        """Write a row."""

    def take(self, *, last: bool) -> bytes:
        """Give what there is to send by now; all of it at the `last`."""


class CsvWriter:
    """CSV by RFC 4180; what is null is empty."""

    content_type = "text/csv; charset=utf-8"

    def __init__(self, columns: Sequence[str]) -> None:
        """Begin with the heading."""
        self._buffer = io.StringIO()
        self._writer = csv.writer(self._buffer, lineterminator="\r\n")
        self._writer.writerow(columns)

    def write(self, row: Row) -> None:
        """Write a row."""
        self._writer.writerow(row.values())

    def take(self, *, last: bool) -> bytes:
        """Give what there is to send by now."""
        if not last and self._buffer.tell() < _AT_ONCE:
            return b""
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return text.encode()


class ParquetWriter:
    """Apache Parquet by pyarrow; times are UTC in microseconds, what is null is null."""

    content_type = "application/vnd.apache.parquet"

    def __init__(self, columns: Sequence[str]) -> None:
        """Begin a file of these columns."""
        import pyarrow as pa  # noqa: PLC0415 - an extra, and large
        from pyarrow import parquet  # noqa: PLC0415

        kinds = {"timestamp": pa.timestamp("us", "UTC")}
        self._schema = pa.schema(
            [
                (name, kinds.get(kind) or getattr(pa, kind)())
                for name, kind in ((name, _KINDS.get(name, "float64")) for name in columns)
            ]
        )
        self._batch = pa.RecordBatch.from_pydict
        self._sink = _Sink()
        self._writer = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._columns: dict[str, list[Any]] = {name: [] for name in columns}
        self._rows = 0

    def write(self, row: Row) -> None:
        """Write a row."""
        for name, value in row.items():
            self._columns[name].append(value)
        self._rows += 1

    def take(self, *, last: bool) -> bytes:
        """Give what there is to send by now."""
        if self._rows and (last or self._rows >= _ROWS_AT_ONCE):
            for name in ("start", "end"):
                self._columns[name] = [parse(text) for text in self._columns[name]]
            self._writer.write_batch(self._batch(self._columns, schema=self._schema))
            for values in self._columns.values():
                values.clear()
            self._rows = 0
        if last:
            self._writer.close()
        return self._sink.take()


class _Sink(io.RawIOBase):
    """A file that knows how far it is written, and keeps only what was not taken yet."""

    def __init__(self) -> None:
        self._position = 0
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._position += len(part)
        return len(part)

    def tell(self) -> int:
        return self._position

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def has_parquet() -> bool:
    """Tell whether the extra is there."""
    return importlib.util.find_spec("pyarrow") is not None


async def send(
    request: web.BaseRequest, name: str, writer: Writer, rows: AsyncIterator[Row]
) -> web.StreamResponse:
    """Answer with rows as a file, written as they are read."""
    first = await anext(rows, None)  # while there is no answer yet, it may still be a refusal
    response = web.StreamResponse(
        headers={
            "Content-Type": writer.content_type,
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        }
    )
    await response.prepare(request)
    number = 0
    if first is not None:
        writer.write(first)
    async for row in rows:
        writer.write(row)
        number += 1
        if number % _ROWS_A_TURN == 0:
            await asyncio.sleep(0)  # others want to go on
        if part := writer.take(last=False):
            await response.write(part)
    await response.write(writer.take(last=True))
    await response.write_eof()
    return response
