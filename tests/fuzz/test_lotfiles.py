"""Files of lots: whatever they hold, they are read or each fault is told with its place."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from parking.domain.geo import CRSS
from parking.web.lotfiles.described import LotFile
from parking.web.lotfiles.reading import read_lots
from tests.fuzz.material import Json, changed, encoded, fuzz, texts, torn, values
from tests.web.lotfiles_samples import LOT, SAMPLES, feature, lot

NAMES = st.sampled_from(["x.json", "x.csv", "x.geojson", "x", "X.JSON", ".", "x.json.gz"])
FILES = sorted(path for path in Path(SAMPLES).iterdir() if path.stat().st_size < 20_000)
cells = st.one_of(texts, st.sampled_from(["p1", "34.7", "general", "Asia/Shanghai"]))
rows = st.lists(st.lists(cells, max_size=9), max_size=4)


def read(data: bytes, name: str, operator: str | None = None) -> LotFile:
    """Read a file, and hold what is told of it against what must be true."""
    found = read_lots(data, name, "gcj02", operator)
    lines = data.count(b"\n") + data.count(b"\r") + 1
    for fault in found.faults:
        assert 1 <= fault.line <= lines
        assert fault.column >= 1
        assert "\n" not in str(fault)
        assert str(fault).isprintable()
    assert found.faults == sorted(found.faults)
    for name_, description in found.descriptions.items():
        for crs in CRSS:
            assert description.to_lot(crs).zones, name_
    return found


@fuzz
@given(st.one_of(st.binary(max_size=300), st.builds(encoded, values)), NAMES)
def test_whatever_is_no_file_of_lots(data: bytes, name: str) -> None:
    read(data, name)


@fuzz
@given(torn(st.sampled_from([path.read_bytes() for path in FILES])), NAMES)
def test_good_files_with_bad_places(data: bytes, name: str) -> None:
    read(data, name, "zd")


@fuzz
@given(st.lists(changed(st.just(LOT)), max_size=3), st.booleans(), st.booleans())
def test_lots_with_bad_fields(lots: list[Json], lines: bool, features: bool) -> None:
    if features:
        facts = [{k: v for k, v in one.items() if k != "location"} for one in lots]
        whole: Json = {
            "type": "FeatureCollection",
            "features": [feature(id=f"p{n}", properties=fact) for n, fact in enumerate(facts)],
        }
    else:
        whole = [{"id": f"p{number}", **one} for number, one in enumerate(lots)]
    text = json.dumps(whole, indent=2 if lines else None)
    found = read(text.encode(), "x.geojson" if features else "x.json")
    assert found.faults or len(found.descriptions) == len(lots)


@fuzz
@given(rows, st.sampled_from([",", ";", "\t"]), st.sampled_from(["\n", "\r\n", "\r"]))
def test_tables_of_whatever(table: list[list[str]], comma: str, end: str) -> None:
    head = ["lot", "name_zh", "operator", "kind", "lat", "lon", "timezone", "zone", "class"]
    text = end.join(comma.join(row) for row in [head, *table])
    read(text.encode("utf-8", "surrogatepass"), "x.csv")


def test_the_samples_are_good() -> None:
    assert FILES
    assert not read_lots(encoded([lot(id="p1")]), "x.json").faults
