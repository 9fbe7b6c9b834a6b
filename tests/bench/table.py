# SPDX-License-Identifier: Apache-2.0
"""The table of figures."""

import dataclasses
import statistics


@dataclasses.dataclass
class Row:
    """One figure. must and aim are bounds from below where more is better, otherwise from above."""
    figure: str
    reached: float | str
    ours: str = ""
    other: str = ""
    must: float | None = None
    aim: float | None = None
    more: bool = False
    digits: int = 2

    def cells(self):
        def number(value):
            if value is None or isinstance(value, str):
                return value or ""
            return f"{value:.{self.digits}f}" if value else "0"

        def bound(value):
            sign = ">= " if self.more else "<= "
            return "" if value is None else sign + f"{value:g}"

        verdict = ""
        if self.must is not None and not isinstance(self.reached, str):
            sign = 1 if self.more else -1
            best = self.must if self.aim is None else self.aim
            verdict = ("no" if sign * self.reached < sign * self.must else
                       "must" if sign * self.reached < sign * best else "aim")
        return [self.figure, bound(self.must), bound(self.aim), number(self.reached), verdict,
                self.ours, self.other]


def paired(figure, ours, other, unit, inverse=False, rate=False, **rest):
    """The row of a ratio, ours / other or its inverse, from measurements that were made in turn:
    the median of their ratios. The numbers beside it are the best of either side: the smallest
    times, or the largest rates."""
    scale, name = unit
    best = max if rate else min
    return Row(figure, statistics.median(b / a if inverse else a / b for a, b in zip(ours, other)),
               f"{best(ours) * scale:.4g} {name}", f"{best(other) * scale:.4g} {name}", **rest)


def show(rows):
    """The table as Markdown, in columns."""
    head = ["figure", "must", "aim", "reached", "holds", "ours, best", "other, best"]
    cells = [head] + [row.cells() for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths)) + " |" for line in cells]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines)
