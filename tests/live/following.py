"""What is logged for a replica to follow, and what it shows of that."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from parking.domain.instants import SECOND
from parking.errors import DatabaseAway
from tests import oracle
from tests.by_hand import T
from tests.e2e.wire import description, zone
from tests.entries import NOW, passage
from tests.nodes import Node
from tests.oracle_events import Json

GATES = description([zone("g", "gates", 1000)])


def cars(count: int, prefix: str = "e") -> list[Json]:
    return [passage(f"{prefix}{n}", NOW - n * SECOND) for n in range(count)]


def base(id_: str, at: int, occupied: int = 0) -> Json:
    event = passage(id_, at)
    del event["direction"]
    return event | {"type": "recount", "occupied": occupied}


def void(id_: str, target: str) -> Json:
    return {"lot": "p1", "id": id_, "type": "void", "event": target, "observed_at": oracle.shown(T)}


def inside(node: Node) -> int | None:
    view = node.view("p1")
    assert view is not None
    return view.availability.occupied


def fail_once(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[str]:
    """Have a function find the database away the next time; gives its calls, as they come."""
    function: Callable[..., Awaitable[Any]] = getattr(owner, name)
    calls: list[str] = []

    async def failing(*given: Any, **named: Any) -> Any:
        calls.append(name)
        if len(calls) == 1:
            raise DatabaseAway("cut off")
        return await function(*given, **named)

    monkeypatch.setattr(owner, name, failing)
    return calls
