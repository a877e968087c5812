"""Files of lots: JSON, CSV or GeoJSON, read whole and told of every fault, imported all or nothing.

See docs/lots-import.md for the formats. `read_lots` is pure; `import_lots` stores what was read.
"""

from parking.web.lotfiles.described import LotFile
from parking.web.lotfiles.importing import Imported, import_lots, run
from parking.web.lotfiles.reading import read_lots
from parking.web.lotfiles.source import FileFault

__all__ = ["FileFault", "Imported", "LotFile", "import_lots", "read_lots", "run"]
