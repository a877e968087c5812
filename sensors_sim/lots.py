"""Descriptions at the service: made when missing, replaced when different, else left alone.

A description has a history, so putting an identical one again would only lengthen it.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sensors_sim.client import RefusedError, problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sensors_sim.client import Service

_OPTIONAL = (
    "entrances",
    "payment",
    "address",
    "district",
    "opening_hours",
    "max_height_m",
    "tariff",
)


@dataclass(frozen=True, slots=True)
class LotPlan:
    """A lot as it should be at the service: its description, and its zones' space ids."""

    id: str
    description: Mapping[str, Any]
    spaces: Mapping[str, Sequence[str]]


@dataclass(slots=True)
class Changes:
    """How many lots were made, replaced and found as they should be."""

    created: int = 0
    replaced: int = 0
    unchanged: int = 0
    lists: int = 0

    def line(self) -> str:
        """Return the changes for people."""
        return (
            f"lots: {self.created} created, {self.replaced} replaced, "
            f"{self.unchanged} unchanged; {self.lists} space lists put"
        )


def same(wanted: Any, found: Any) -> bool:
    """Return whether all that is wanted is found; the service may say more."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            same(value, found.get(name)) for name, value in wanted.items()
        )
    if isinstance(wanted, list | tuple):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(same(a, b) for a, b in zip(wanted, found, strict=True))
        )
    return bool(wanted == found)


def same_lot(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Return whether a lot is described as wanted, and says nothing that is not wanted."""
    extra = any(found.get(name) for name in _OPTIONAL if name not in wanted)
    return not extra and same(wanted, found)


async def ensure_lots(service: Service, plans: Iterable[LotPlan]) -> Changes:
    """Bring the service's lots and space lists to what the plans say."""
    changes = Changes()
    for plan in plans:
        await _ensure_lot(service, plan, changes)
        for zone, spaces in plan.spaces.items():
            await _ensure_spaces(service, plan.id, zone, spaces, changes)
    return changes


async def _ensure_lot(service: Service, plan: LotPlan, changes: Changes) -> None:
    path = f"/v1/lots/{plan.id}"
    found = await service.get(path)
    if found.status == HTTPStatus.OK and same_lot(plan.description, found.data):
        changes.unchanged += 1
        return
    if found.status not in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
        raise RefusedError(f"lot {plan.id}: {problem(found)}")
    answer = await service.put(path, plan.description)
    if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
        raise RefusedError(f"lot {plan.id}: {problem(answer)}")
    if answer.status == HTTPStatus.CREATED:
        changes.created += 1
    else:
        changes.replaced += 1


async def _ensure_spaces(
    service: Service, lot: str, zone: str, spaces: Sequence[str], changes: Changes
) -> None:
    path = f"/v1/lots/{lot}/zones/{zone}/spaces"
    wanted = [{"id": space, "label": space} for space in spaces]
    # Reading the list back is no part of the wire's promises: without it the list is put.
    found = await service.get(path)
    if found.status == HTTPStatus.OK and isinstance(found.data, dict):
        listed = found.data.get("spaces", found.data.get("items"))
        if same(wanted, listed):
            return
    answer = await service.put(path, {"spaces": wanted})
    if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT}:
        raise RefusedError(f"spaces of {lot}/{zone}: {problem(answer)}")
    changes.lists += 1
