import pytest

from sensors_sim.receipts import Tally, read_receipt


def test_receipts_add_up() -> None:
    tally = Tally()
    rejected = [{"index": 0, "id": "x", "code": "invalid", "detail": "negative"}]
    tally.add(4, read_receipt({"accepted": 2, "duplicates": 1, "rejected": rejected}))
    tally.add(1, read_receipt({"accepted": 1, "duplicates": 0, "rejected": []}))
    facts = tally.facts()
    assert facts["sent"] == 5
    assert facts["rejected"] == {"invalid": 1}
    assert facts["unaccounted"] == 0
    assert any("invalid 1" in line for line in tally.lines())


def test_a_receipt_that_does_not_add_up_is_seen() -> None:
    tally = Tally()
    tally.add(3, read_receipt({"accepted": 2, "duplicates": 0, "rejected": []}))
    assert tally.unaccounted == 1
    assert any("unaccounted" in line for line in tally.lines())


def test_a_cut_list_of_rejections_still_counts_all() -> None:
    tally = Tally()
    rejected = [{"index": n, "id": None, "code": "future", "detail": None} for n in range(1000)]
    answer = {"accepted": 0, "duplicates": 0, "rejected": rejected, "rejected_total": 1500}
    tally.add(1500, read_receipt(answer))
    assert tally.facts()["rejected"] == {"future": 1000, "unlisted": 500}
    assert tally.unaccounted == 0
    assert len(tally.examples) == 5


@pytest.mark.parametrize("answer", [None, [], {}, {"accepted": 1}, {"rejected": [{}]}])
def test_anything_else_is_no_receipt(answer: object) -> None:
    with pytest.raises(ValueError, match="no receipt"):
        read_receipt(answer)
