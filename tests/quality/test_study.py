"""A small study on every run: floors of recall and precision, and hardly a false alarm."""

import pytest

from tests.quality.study import NOISE, SIGNS, Study, run

LOTS = ("wisdom-island-b", "hospital-children")


@pytest.fixture(scope="module")
def study() -> Study:
    return run(LOTS, ["1"], noise=NOISE[-1:])


RECALL = {
    "mute": 0.9,
    "frozen": 0.75,
    "inverted": 0.7,
    "flapping": 0.95,
    "clock-offset": 0.95,
    "misread": 0.95,
    "duplicates": 1.0,
}


@pytest.mark.parametrize("name", RECALL)
def test_what_is_broken_is_found(study: Study, name: str) -> None:
    score = study.scores[name]
    assert score.broken >= {"misread": 1, "duplicates": len(LOTS)}.get(name, 30)
    assert score.recall >= RECALL[name], score
    assert score.precision >= 0.9, score


def test_who_is_healthy_is_left_alone(study: Study) -> None:
    assert study.healthy > 900
    assert study.alarms_per_100 < 1, study.alarms


def test_every_breakdown_is_studied(study: Study) -> None:
    assert set(RECALL) | {"lost-exits"} == set(SIGNS) == set(study.scores)
