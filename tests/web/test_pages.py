"""Pages of lists: where one ends and the next begins."""

import pytest

from parking.errors import InvalidInput
from parking.web.pages import cut_page, end_page, make_cursor, read_cursor


def test_pages_of_what_is_all_there_hold_it_once() -> None:
    for number in (0, 1, 3, 4, 6, 7):
        found, cursor, pages = list(range(number)), None, []
        while True:
            page, cursor = cut_page(found, cursor, 3)
            pages.append(list(page))
            if cursor is None:
                break
        assert [one for page in pages for one in page] == found
        assert len(pages) == max(1, -(-number // 3))


def test_a_place_behind_the_end_has_nothing() -> None:
    assert cut_page([1, 2], make_cursor("2"), 3) == ([], None)
    assert cut_page([1, 2], make_cursor("999999999"), 3) == ([], None)


@pytest.mark.parametrize("place", ["", "-1", "x", "1.0", "9999999999"])
def test_what_is_no_place_is_no_cursor(place: str) -> None:
    with pytest.raises(InvalidInput):
        cut_page([1, 2], make_cursor(place), 3)


def test_one_more_than_a_page_tells_of_the_next() -> None:
    found = [("a", 1), ("b", 2), ("c", 3)]
    assert end_page(found, 3, lambda one: one) is None
    assert len(found) == 3
    cursor = end_page(found, 2, lambda one: one)
    assert cursor is not None
    assert (found, read_cursor(cursor, 2)) == ([("a", 1), ("b", 2)], ["b", "2"])
