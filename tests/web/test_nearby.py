"""What is near: distances, order, and what suits."""

import math
from typing import Any

import pytest

from tests.web.client import Client, Json, described, event, unique, zone

EARTH_RADIUS_M = 6_371_008.8


def haversine_m(a: Json, b: Json) -> float:
    phi, psi = math.radians(a["lat"]), math.radians(b["lat"])
    half = (
        math.sin((psi - phi) / 2) ** 2
        + math.cos(phi) * math.cos(psi) * math.sin(math.radians(b["lon"] - a["lon"]) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(half))


class Neighbourhood:
    """A place far from all others, and the lots around it."""

    numbers = iter(range(1, 80))

    def __init__(self, client: Client) -> None:
        self.client = client
        self.place = {"lat": -10.0, "lon": -160.0 + 2 * next(self.numbers)}

    def at(self, metres_north: float) -> Json:
        return {**self.place, "lat": self.place["lat"] + metres_north / 111_195}

    async def lot(self, metres_north: float, *zones: Json, **more: Any) -> str:
        return await self.client.new_lot(*zones, location=self.at(metres_north), **more)

    async def near(self, query: str = "") -> list[Json]:
        path = f"/v1/nearby?lat={self.place['lat']}&lon={self.place['lon']}{query}"
        items: list[Json] = (await self.client.get(path))["items"]
        return items

    async def lots(self, query: str = "") -> list[str]:
        return [item["lot"] for item in await self.near(query)]


@pytest.fixture
def here(client: Client) -> Neighbourhood:
    return Neighbourhood(client)


async def test_nearest_first_within_the_radius(client: Client, here: Neighbourhood) -> None:
    far, near, middle = [await here.lot(metres) for metres in (-1999, 10, 500)]
    beyond, remote = [await here.lot(metres) for metres in (2001, 49_990)]
    outside = await here.lot(-50_010)
    assert await here.lots() == [near, middle, far]
    assert await here.lots("&radius_m=500.1") == [near, middle]
    assert await here.lots("&radius_m=499.9") == [near]
    assert await here.lots("&radius_m=0") == []
    widest = await here.lots("&radius_m=50000")
    assert widest == [near, middle, far, beyond, remote]
    assert outside not in widest
    assert await here.lots("&radius_m=50000&limit=2") == [near, middle]


async def test_ten_unless_told_otherwise(client: Client, here: Neighbourhood) -> None:
    names = [await here.lot(metres) for metres in range(100, 1300, 100)]
    assert await here.lots() == names[:10]
    assert await here.lots("&limit=100") == names
    assert await here.lots("&limit=1") == names[:1]


async def test_items(client: Client, here: Neighbourhood) -> None:
    gate = {"id": "n", "for": "people", "location": here.at(3)}
    lot = await here.lot(120.5, zone("c", "counts"), opening_hours="24/7", max_height_m=2.1,
                         entrances=[gate], address={"zh": "郑州"})  # fmt: skip
    await client.accept(event(lot, "count", free=3))
    (item,) = await here.near()
    whole = await client.get(f"/v1/lots/{lot}")
    for name in ("lot", "name", "kind", "location", "entrances", "address", "max_height_m",
                 "open_now"):  # fmt: skip
        assert item[name] == whole[name], name
    shown = await client.availability(lot)
    del shown["zones"]
    assert item["availability"] == shown
    assert abs(item["distance_m"] - haversine_m(here.place, item["location"])) <= 0.051


@pytest.mark.parametrize(
    ("place", "other"),
    [
        ((45.7602, 126.7708), (45.7699, 126.7811)),
        ((60.0, 179.999), (60.0, -179.999)),
        ((89.99, 0.0), (89.99, 180.0)),
        ((-90.0, 12.0), (-89.999, -170.0)),
        ((0.0, 0.0), (0.3, -0.3)),
    ],
)
async def test_distances(
    client: Client, place: tuple[float, float], other: tuple[float, float]
) -> None:
    here, there = ({"lat": lat, "lon": lon} for lat, lon in (place, other))
    lot = await client.new_lot(location=there)
    path = f"/v1/nearby?lat={place[0]}&lon={place[1]}&radius_m=50000&limit=100"
    items = (await client.get(path))["items"]
    (item,) = [item for item in items if item["lot"] == lot]
    assert abs(item["distance_m"] - haversine_m(here, there)) <= 0.051
    distances = [item["distance_m"] for item in items]
    assert distances == sorted(distances)


async def test_by_class_and_free_spaces(client: Client, here: Neighbourhood) -> None:
    mixed = await here.lot(10, zone("g", "counts"), zone("e", "counts", class_="ev"))
    unknown = await here.lot(20, zone("e", "counts", class_="ev"))
    general = await here.lot(30, zone("g", "counts"))
    flag = await here.lot(40, zone("f", "flag"))
    await client.accept(
        event(mixed, "count", zone="g", free=5),
        event(mixed, "count", zone="e", free=1),
        event(general, "count", free=4),
        event(flag, "flag", level="available"),
    )
    for query, wanted in (
        ("", [mixed, unknown, general, flag]),
        ("&class=ev", [mixed, unknown]),
        ("&class=truck", []),
        ("&min_free=0", [mixed, general]),
        ("&min_free=4", [mixed, general]),
        ("&min_free=5", [mixed]),
        ("&min_free=6", [mixed]),
        ("&min_free=7", []),
        ("&class=ev&min_free=0", [mixed]),
        ("&class=ev&min_free=1", [mixed]),
        ("&class=ev&min_free=2", []),
        ("&class=general&min_free=4", [mixed, general]),
        ("&min_free=1&limit=1", [mixed]),
        ("&min_free=4&class=general&limit=2", [mixed, general]),
    ):
        assert await here.lots(query) == wanted, query


async def test_by_height(client: Client, here: Neighbourhood) -> None:
    low = await here.lot(10, max_height_m=1.9)
    high = await here.lot(20, max_height_m=2.1)
    without = await here.lot(30)
    assert await here.lots("&height_m=1.9") == [low, high, without]
    assert await here.lots("&height_m=1.91") == [high, without]
    assert await here.lots("&height_m=2.2") == [without]


@pytest.mark.parametrize("crs", ["gcj02", "bd09"])
async def test_in_another_system(client: Client, crs: str) -> None:
    operator = unique("operator")
    place = {"lat": 31.2304, "lon": 121.4737}
    lot = await client.new_lot(location=place, operator=operator)
    shown = (await client.get(f"/v1/lots/{lot}?crs={crs}"))["location"]
    path = f"/v1/nearby?lat={shown['lat']}&lon={shown['lon']}"
    (item,) = [
        item
        for item in (await client.get(f"{path}&crs={crs}&radius_m=5"))["items"]
        if item["lot"] == lot
    ]
    assert item["distance_m"] < 0.1
    assert item["location"] == shown
    plain = [item["lot"] for item in (await client.get(f"{path}&radius_m=5"))["items"]]
    assert lot not in plain


async def test_what_changes_is_near_at_once(client: Client, here: Neighbourhood) -> None:
    lot = await here.lot(10)
    assert await here.lots() == [lot]
    assert (await client.ask("DELETE", f"/v1/lots/{lot}")).status == 204
    assert await here.lots() == []


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("", {"?lat", "?lon"}),
        ("lat=1", {"?lon"}),
        ("lat=91&lon=0", {"?lat"}),
        ("lat=0&lon=180.1", {"?lon"}),
        ("lat=nan&lon=inf", {"?lat", "?lon"}),
        ("lat=&lon=1", {"?lat"}),
        ("lat=1_0&lon=%201", {"?lat", "?lon"}),
        ("lat=1&lon=1&radius_m=50000.1", {"?radius_m"}),
        ("lat=1&lon=1&radius_m=-1", {"?radius_m"}),
        ("lat=1&lon=1&radius_m=1e400", {"?radius_m"}),
        ("lat=1&lon=1&limit=101", {"?limit"}),
        ("lat=1&lon=1&limit=0", {"?limit"}),
        ("lat=1&lon=1&min_free=-1", {"?min_free"}),
        ("lat=1&lon=1&min_free=0.5", {"?min_free"}),
        ("lat=1&lon=1&height_m=0", {"?height_m"}),
        ("lat=1&lon=1&height_m=tall", {"?height_m"}),
        ("lat=1&lon=1&class=general,ev", {"?class"}),
        ("lat=1&lon=1&crs=WGS84", {"?crs"}),
    ],
)
async def test_wrong_parameters(client: Client, query: str, wrong: set[str]) -> None:
    answer = await client.ask("GET", f"/v1/nearby?{query}")
    assert (answer.status, answer.pointers) == (400, wrong)


async def test_the_validator_is_of_what_is_shown(client: Client, here: Neighbourhood) -> None:
    lot = await here.lot(100, zone("c", "counts"))
    path = f"/v1/nearby?lat={here.place['lat']}&lon={here.place['lon']}"

    async def told() -> tuple[str, Any]:
        answer = await client.ask("GET", path, key=None)
        return answer.headers["etag"], answer.json

    seen = [await told()]
    assert await told() == seen[0]
    await client.accept(event(lot, "count", occupied=3, zone="c"))
    seen.append(await told())
    renamed = described(zone("c", "counts"), location=here.at(100), name={"zh": "新"})
    await client.put_lot(lot, renamed)
    seen.append(await told())
    await client.accept(event(lot, "status", status="closed"))
    seen.append(await told())
    assert len({tag for tag, _ in seen}) == 4
    answer = await client.ask("GET", path, key=None, headers={"If-None-Match": seen[-1][0]})
    assert (answer.status, answer.headers["etag"]) == (304, seen[-1][0])
