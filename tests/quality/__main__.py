"""`python -m tests.quality [SEEDS [LOTS]]`: the large study, for docs/quality.md; takes minutes."""

import sys
from collections.abc import Iterable

from sensors_sim.places import list_places
from tests.quality.study import Study, drift_lines, drifts, run


def main(seeds: Iterable[str], lots: list[str]) -> None:
    """Print the tables."""
    study = Study()
    for seed in seeds:
        run(lots, [seed], study)
        print(f"seed {seed}: {study.healthy:,} healthy sensor-weeks so far", flush=True)
    print()
    print("\n".join(study.lines()))
    for subject, finding in study.alarms[:20]:
        print("  ", *subject, finding.kind, finding.detail)
    gates = [
        place.id
        for place in list_places(lots)
        if any(zone.counting == "gates" for zone in place.zones)
    ]
    print()
    print("| drift of | zones | true cars a day | told | range holds | median error | half range |")
    print("|---|---|---|---|---|---|---|")
    for fault in ("lost-exits", None):
        for recounted in (False, True):
            cases = [
                case
                for seed in seeds
                for case in drifts(gates, f"drift-{seed}", fault, recounted=recounted)
            ]
            title = f"{fault or 'healthy gates'}, {'counted weekly' if recounted else 'uncounted'}"
            print("\n".join(drift_lines(title, cases)), flush=True)


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    chosen = sys.argv[2].split(",") if len(sys.argv) > 2 else [p.id for p in list_places()]
    main([str(seed) for seed in range(1, number + 1)], chosen)
