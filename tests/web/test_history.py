"""Descriptions over time: what happened is read with the description of its own moment."""

from typing import Any

from tests.web.client import Client, Json, ago, described, event, zone


def numbers(shown: Json) -> tuple[Any, ...]:
    return tuple(shown[name] for name in ("capacity", "occupied", "free", "unknown"))


class Moments:
    """Moments between requests, and what a lot showed at each: it must go on showing that."""

    def __init__(self, client: Client, lot: str) -> None:
        self.client = client
        self.lot = lot
        self.seen: list[tuple[str, tuple[Any, ...]]] = []

    async def shows(self, *wanted: Any) -> None:
        """See that the lot shows this now, and remember it."""
        at = ago(0)
        assert numbers(await self.client.availability(self.lot)) == wanted
        self.seen.append((at, wanted))

    async def still_hold(self) -> None:
        for at, wanted in self.seen:
            assert numbers(await self.client.availability(self.lot, at)) == wanted, at
            found = await self.client.get(f"/v1/availability?lots={self.lot}&at={at}")
            assert [numbers(item) for item in found["items"]] == [wanted], at


async def test_a_capacity_changes_while_cars_are_inside(client: Client) -> None:
    lot = await client.new_lot(zone("g", "gates", 10))
    moments = Moments(client, lot)
    await client.accept(event(lot, "recount", 0, occupied=8), event(lot, "passage", -0.0001))
    await client.availability(lot)
    await client.accept(event(lot, "heartbeat", 0))
    await moments.shows(10, 9, 1, 0)
    await client.put_lot(lot, described(zone("g", "gates", 5)))
    await moments.shows(5, 5, 0, 0)
    await client.accept(event(lot, "passage", 0, direction="out", count=6))
    await moments.shows(5, 3, 2, 0)
    await client.put_lot(lot, described(zone("g", "gates", 20)))
    await moments.shows(20, 3, 17, 0)
    await moments.still_hold()
    assert numbers(await client.availability(lot, ago(3600))) == (10, None, None, 10)


async def test_free_is_of_the_capacity_of_its_moment(client: Client) -> None:
    lot = await client.new_lot(zone("c", "counts", 10))
    moments = Moments(client, lot)
    await client.accept(event(lot, "count", 0, free=4))
    await moments.shows(10, 6, 4, 0)
    then = ago(0)
    await client.put_lot(lot, described(zone("c", "counts", 100)))
    assert (await client.availability(lot))["occupied"] == 6
    await client.accept({**event(lot, "count", free=3), "observed_at": then})  # late: 7 of 10
    await moments.shows(100, 7, 93, 0)
    await client.accept(event(lot, "count", 0, free=3))
    await moments.shows(100, 97, 3, 0)
    await moments.still_hold()


async def test_a_zone_is_removed_and_added_back(client: Client) -> None:
    lot = await client.new_lot(zone("g", "gates", 10), zone("c", "counts", 10))
    moments = Moments(client, lot)
    await client.accept(event(lot, "recount", 0, zone="g", occupied=4),
                        event(lot, "count", 0, zone="c", free=1))  # fmt: skip
    await moments.shows(20, 13, 7, 0)
    await client.put_lot(lot, described(zone("c", "counts", 10)))
    await moments.shows(10, 9, 1, 0)
    late = ago(0)
    receipt = await client.push(event(lot, "passage", 0))
    assert [item["code"] for item in receipt["rejected"]] == ["wrong_counting"]
    receipt = await client.push(event(lot, "passage", 0, zone="g"))
    assert [item["code"] for item in receipt["rejected"]] == ["unknown_zone"]
    await client.put_lot(lot, described(zone("g", "gates", 10), zone("c", "counts", 10)))
    await moments.shows(20, 13, 7, 0)  # what was known of it is known again
    receipt = await client.push({**event(lot, "passage", zone="g"), "observed_at": late})
    assert [item["code"] for item in receipt["rejected"]] == ["unknown_zone"]  # not at that moment
    await client.accept(event(lot, "passage", 0))
    await moments.shows(20, 14, 6, 0)
    await moments.still_hold()


async def test_counted_in_another_way(client: Client) -> None:
    lot = await client.new_lot(zone("z", "counts", 10))
    moments = Moments(client, lot)
    await client.accept(event(lot, "count", 0, free=4))
    await moments.shows(10, 6, 4, 0)
    before = ago(0)
    await client.put_lot(lot, described(zone("z", "flag", 10)))
    await moments.shows(10, None, None, 10)
    await client.accept(event(lot, "flag", 0, level="full"))
    receipt = await client.push(event(lot, "count", 0, free=1))
    assert [item["code"] for item in receipt["rejected"]] == ["wrong_counting"]
    late = {**event(lot, "count", free=3), "observed_at": before}
    await client.accept(late)  # it was counted by counts then
    await moments.shows(10, None, None, 10)
    assert numbers(await client.availability(lot, before)) == (10, 7, 3, 0)
    await client.put_lot(lot, described(zone("z", "spaces", 10)))
    await client.put_spaces(lot, "z", "a", "b")
    await client.accept(event(lot, "space", 0, space="a", occupied=True))
    await moments.shows(10, 1, 0, 9)
    await client.put_lot(lot, described(zone("z", "gates", 10)))
    await client.accept(event(lot, "recount", 0, occupied=2))
    await moments.shows(10, 2, 8, 0)
    await moments.still_hold()


async def test_retired_and_revived(client: Client) -> None:
    lot = await client.new_lot(zone("g", "gates", 10))
    moments = Moments(client, lot)
    await client.accept(event(lot, "recount", 0, occupied=4))
    await moments.shows(10, 4, 6, 0)
    assert (await client.ask("DELETE", f"/v1/lots/{lot}")).status == 204
    without = ago(0)
    receipt = await client.push(event(lot, "passage", 0), event(lot, "passage", 3600))
    assert [item["code"] for item in receipt["rejected"]] == ["unknown_lot"] * 2
    await client.put_lot(lot, described(zone("g", "gates", 8)), 201)
    await moments.shows(8, 4, 4, 0)
    assert (await client.ask("GET", f"/v1/lots/{lot}/availability?at={without}")).status == 404
    found = await client.get(f"/v1/availability?lots={lot}&at={without}")
    assert found["items"] == []
    receipt = await client.push({**event(lot, "passage"), "observed_at": without})
    assert [item["code"] for item in receipt["rejected"]] == ["unknown_lot"]
    await client.accept(event(lot, "passage", 0))
    await moments.shows(8, 5, 3, 0)
    await moments.still_hold()


def readings(lot: str, taken: str, free: str = "", seconds_ago: float = 0) -> list[Json]:
    return [
        event(lot, "space", seconds_ago, space=name, occupied=name in taken)
        for name in taken + free
    ]


async def test_a_list_is_shortened(client: Client) -> None:
    lot = await client.new_lot(zone("s", "spaces", 4))
    moments = Moments(client, lot)
    await client.put_spaces(lot, "s", *"abcd")
    await client.accept(*readings(lot, "ab", "c"))
    await moments.shows(4, 2, 1, 1)
    await client.put_spaces(lot, "s", "a", "d")
    await moments.shows(4, 1, 0, 3)
    gone = ago(0)
    receipt = await client.push(*readings(lot, "b"))
    assert [item["code"] for item in receipt["rejected"]] == ["unknown_space"]
    await client.accept(*readings(lot, "d"))
    await moments.shows(4, 2, 0, 2)
    await client.put_spaces(lot, "s", *"dcba")
    await moments.shows(4, 3, 1, 0)  # a removed space has kept its history
    receipt = await client.push(
        {**event(lot, "space", space="b", occupied=False), "observed_at": gone}
    )
    assert [item["code"] for item in receipt["rejected"]] == ["unknown_space"]
    await moments.still_hold()


async def test_a_capacity_below_the_list(client: Client) -> None:
    lot = await client.new_lot(zone("s", "spaces", 4))
    moments = Moments(client, lot)
    await client.put_spaces(lot, "s", *"dcba")
    await client.accept(*readings(lot, "ab", "cd"))
    await moments.shows(4, 2, 2, 0)
    await client.put_lot(lot, described(zone("s", "spaces", 2)))
    await moments.shows(2, 0, 2, 0)  # d and c, in the list's order
    await client.accept(*readings(lot, "dc", "ab"))  # a and b are listed, and not counted
    await moments.shows(2, 2, 0, 0)
    await client.put_lot(lot, described(zone("s", "spaces", 3)))
    await moments.shows(3, 2, 1, 0)
    await moments.still_hold()
    listed = await client.get(f"/v1/lots/{lot}/zones/s/spaces")
    assert [item["id"] for item in listed["spaces"]] == list("dcba")


async def test_the_first_description_and_list_hold_for_all_time_before(client: Client) -> None:
    lot = await client.new_lot(zone("s", "spaces", 4))
    await client.put_spaces(lot, "s", *"ab")
    await client.accept(*readings(lot, "a", "b", 40 * 86_400))
    assert numbers(await client.availability(lot, ago(40 * 86_400 - 60))) == (4, 1, 1, 2)
    assert numbers(await client.availability(lot, ago(40 * 86_400 + 60))) == (4, None, None, 4)
    assert numbers(await client.availability(lot)) == (4, None, None, 4)  # stale after a day


async def test_the_same_description_again_changes_nothing(client: Client) -> None:
    lot = await client.new_lot(zone("s", "spaces", 4))
    await client.put_spaces(lot, "s", *"ab")
    await client.accept(*readings(lot, "a"))
    path = f"/v1/lots/{lot}/availability"
    tag = (await client.ask("GET", path)).headers["etag"]
    await client.put_lot(lot, described(zone("s", "spaces", 4)), 200)
    await client.put_spaces(lot, "s", *"ab")
    assert (await client.ask("GET", path)).headers["etag"] == tag
