"""States as they are stored: MessagePack, moves as a list of pairs of integers.

Moves may be many. They are packed as one array of records, each the bytes that MessagePack has for
a pair of integers, of 64 bits and of 8 where that is enough, and not one by one.
"""

from typing import Any, TypeVar

import msgspec
import numpy as np

from parking.domain.moves import Moves

T = TypeVar("T")

_PAIR, _INT64, _INT8, _LIST = 0x92, 0xD3, 0xD0, b"\xdd"
_HEAD = [("pair", "u1"), ("is_at", "u1"), ("at", ">i8"), ("is_cars", "u1")]
_FEW_CARS = np.dtype([*_HEAD, ("cars", ">i1")])
_MANY_CARS = np.dtype([*_HEAD, ("cars", ">i8")])


# The hooks raise what msgspec wants of a hook for a value that is not its own.


def _packed(value: Any) -> msgspec.Raw:
    if not isinstance(value, Moves):
        raise NotImplementedError(f"{type(value).__name__} is not stored")
    cars = np.asarray(value.cars, np.int64)
    few = not len(cars) or (cars.min() >= -128 and cars.max() <= 127)
    rows = np.empty(len(cars), _FEW_CARS if few else _MANY_CARS)
    rows["pair"], rows["is_at"], rows["is_cars"] = _PAIR, _INT64, _INT8 if few else _INT64
    rows["at"], rows["cars"] = value.at, cars
    return msgspec.Raw(_LIST + len(rows).to_bytes(4) + rows.tobytes())


def _unpacked(kind: type, value: Any) -> Moves:
    if kind is not Moves:
        raise NotImplementedError(f"{kind.__name__} is not stored")
    return Moves((at, cars) for at, cars in value)


encode = msgspec.msgpack.Encoder(enc_hook=_packed).encode
"""Give a value that holds states as it is stored."""


def decoder(kind: type[T]) -> msgspec.msgpack.Decoder[T]:
    """Give what reads stored values of a type that holds states."""
    return msgspec.msgpack.Decoder(kind, dec_hook=_unpacked)
