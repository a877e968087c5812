"""From a file's bytes and name to its lots: which format it is in, and who reads that."""

from parking.domain.geo import Crs
from parking.web.lotfiles import from_csv, from_geojson, from_json
from parking.web.lotfiles.described import Checker, LotFile
from parking.web.lotfiles.nodes import scan
from parking.web.lotfiles.source import Source


def read_lots(data: bytes, name: str, crs: Crs = "wgs84", operator: str | None = None) -> LotFile:
    """Read a file; its lots, or every fault with its line and column.

    The format is told by the name's ending, or else by how the text begins. `operator` is the
    operator of lots that name none; a lot that names another is a fault.
    """
    source = Source.decode(data)
    checker = Checker(source, crs, operator)
    if source.faults:  # guesses at what the bytes mean would only add to them
        return checker.finish()
    ending = name.lower().rpartition(".")[2]
    json_like = source.text.lstrip().startswith(("{", "["))
    if ending == "csv" or (ending not in {"json", "geojson"} and not json_like):
        from_csv.read(source, checker)
        return checker.finish()
    root = scan(source)
    if root is not None:
        geojson = ending == "geojson" or from_geojson.is_geojson(root)
        (from_geojson if geojson else from_json).read(source, root, checker)
    return checker.finish()
