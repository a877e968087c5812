from sensors_sim.lots import LotPlan, ensure_lots, same_lot
from sensors_sim.places import list_places
from sensors_sim.run import lot_plans
from tests.sensors_sim.conftest import World

PLANS = lot_plans(list_places(["cbd-inner-south", "wisdom-island-b"]))


async def test_lots_are_made_once(world: World) -> None:
    service = world.service()
    changes = await ensure_lots(service, PLANS)
    assert (changes.created, changes.replaced, changes.unchanged, changes.lists) == (2, 0, 0, 2)
    changes = await ensure_lots(service, PLANS)
    assert (changes.created, changes.replaced, changes.unchanged, changes.lists) == (0, 0, 2, 0)
    assert world.fake.calls["put lot"] == 2
    assert len(world.fake.spaces["wisdom-island-b", "g"]) == 150


async def test_a_different_lot_is_replaced(world: World) -> None:
    service = world.service()
    await ensure_lots(service, PLANS)
    world.fake.lots[PLANS[0].id]["operator"] = "another"
    world.fake.spaces[PLANS[0].id, "women"].pop()
    changes = await ensure_lots(service, PLANS)
    assert (changes.replaced, changes.unchanged, changes.lists) == (1, 1, 1)
    assert world.fake.lots[PLANS[0].id]["operator"] == PLANS[0].description["operator"]


def test_only_what_is_said_is_compared() -> None:
    wanted = {"name": {"en": "A"}, "zones": [{"id": "z", "capacity": 3}], "location": {"lat": 1.0}}
    found = {
        "name": {"en": "A"},
        "zones": [{"id": "z", "capacity": 3, "name": {}}],
        "location": {"lat": 1},
        "open_now": True,
        "tariff": None,
        "payment": [],
    }
    assert same_lot(wanted, found)
    assert not same_lot(wanted, {**found, "payment": ["cash"]})
    assert not same_lot(wanted, {**found, "zones": []})
    assert not same_lot(wanted, {**found, "name": None})
    assert not same_lot({**wanted, "max_height_m": 2.0}, found)


async def test_a_plan_without_spaces_puts_no_list(world: World) -> None:
    await ensure_lots(world.service(), [LotPlan("a", {"zones": []}, {})])
    assert world.fake.calls["put spaces"] == 0
