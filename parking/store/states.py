"""States as they are stored: MessagePack, moves as a list of pairs of integers.

Moves may be many. They are packed as one array of records, each the nine bytes and twice nine that
MessagePack has for a pair of 64-bit integers, and not one by one.
"""

from typing import Any, TypeVar

import msgspec
import numpy as np

from parking.domain.moves import Moves

T = TypeVar("T")

_PAIR, _INT64, _LIST = 0x92, 0xD3, b"\xdd"
_MOVE = np.dtype(
    [("pair", "u1"), ("is_at", "u1"), ("at", ">i8"), ("is_cars", "u1"), ("cars", ">i8")]
)


def _packed(value: Any) -> msgspec.Raw:
    if not isinstance(value, Moves):
        raise NotImplementedError(f"{type(value).__name__} is not stored")
    rows = np.empty(len(value), _MOVE)
    rows["pair"], rows["is_at"], rows["is_cars"] = _PAIR, _INT64, _INT64
    rows["at"], rows["cars"] = value.at, value.cars
    return msgspec.Raw(_LIST + len(value).to_bytes(4) + rows.tobytes())


def _unpacked(kind: type, value: Any) -> Moves:
    if kind is not Moves:
        raise NotImplementedError(f"{kind.__name__} is not stored")
    return Moves((at, cars) for at, cars in value)


encode = msgspec.msgpack.Encoder(enc_hook=_packed).encode
"""Give a value that holds states as it is stored."""


def decoder(kind: type[T]) -> msgspec.msgpack.Decoder[T]:
    """Give what reads stored values of a type that holds states."""
    return msgspec.msgpack.Decoder(kind, dec_hook=_unpacked)
