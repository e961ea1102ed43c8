# One measured figure beside its limit, and the table of all of them.
import dataclasses


@dataclasses.dataclass
class figure:
    """What was measured; `limit` is the most (or, with at_least, the least) that is good."""
    name: str
    measured: float
    limit: float
    unit: str
    at_least: bool = False
    beside: str = ""

    @property
    def met(self):
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def cells(self):
        sign = ">=" if self.at_least else "<="
        return (self.name, f"{sign} {spelled(self.limit)} {self.unit}", f"{spelled(self.measured)} {self.unit}",
                "ok" if self.met else "MISSED", self.beside)


def spelled(number):
    """Three significant digits, thousands apart."""
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}"


def table(figures):
    rows = [("figure", "limit", "measured", "", "beside"), *(one.cells() for one in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)
