"""Moves: passages in and out of a zone, of which a busy one has a hundred thousand in two days."""

from array import array
from collections.abc import Iterable, Iterator


class Moves:
    """When (us) how many cars came in, less those that went out, in no order: 16 bytes a move."""

    __slots__ = ("at", "cars")

    def __init__(self, moves: Iterable[tuple[int, int]] = ()) -> None:
        """Begin with these."""
        self.at = array("q")
        self.cars = array("q")
        for at, cars in moves:
            self.append(at, cars)

    def append(self, at: int, cars: int) -> int:
        """Add one; gives how many there are then."""
        self.at.append(at)
        self.cars.append(cars)
        return len(self.at)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.at)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Give them one by one."""
        return zip(self.at, self.cars, strict=True)

    def __eq__(self, other: object) -> bool:
        """Whether they are the same, in the same order."""
        if not isinstance(other, Moves):
            return NotImplemented
        return self.at == other.at and self.cars == other.cars

    __hash__ = None  # type: ignore[assignment]  # they change

    def __repr__(self) -> str:
        """Show them as they are made."""
        return f"Moves({list(self)})"

    @property
    def sum(self) -> int:
        """The cars that came in, less those that went out."""
        return sum(self.cars)

    def sorted(self) -> "Moves":
        """Give them in the order of time."""
        return Moves(sorted(self))

    def split(self, at: int) -> tuple["Moves", "Moves"]:
        """Give those before a moment, and those at it and later."""
        before, later = Moves(), Moves()
        for when, cars in self:
            (before if when < at else later).append(when, cars)
        return before, later

    @property
    def oldest(self) -> int:
        """The moment of the earliest; ValueError when there is none."""
        return min(self.at)

    @property
    def newest(self) -> int:
        """The moment of the latest; ValueError when there is none."""
        return max(self.at)
