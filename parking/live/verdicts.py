"""Verdicts: what this instance last found of each lot, for its metrics; empty where it does not."""

from parking.domain.quality.reports import Report


class Verdicts:
    """The latest report of each lot that this instance judges."""

    def __init__(self) -> None:
        """Know of none."""
        self.reports: dict[str, Report] = {}

    def put(self, lot: str, report: Report) -> None:
        """Take a lot's newest report."""
        self.reports[lot] = report

    def keep(self, lots: set[str]) -> None:
        """Forget all lots but these."""
        self.reports = {lot: report for lot, report in self.reports.items() if lot in lots}
