"""What a file would do to the register."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tracker.imports.columns import Row
from tracker.imports.problems import Problem, Wrong

MOST_PROBLEMS = 1000  # are kept and shown; all are counted
SAMPLE = 50  # changes that are shown
WITHDRAWN = "withdrawn"  # the kind of a row that takes back what an earlier file brought


@dataclass(frozen=True, slots=True)
class Change:
    """One row that adds something or changes it. `ids` is what the kind needs to find the rows of the register."""

    row: Row
    key: str
    before: Mapping[str, Any] | None  # None: it is new
    after: Mapping[str, Any]
    ids: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """Rows that add, change and leave alone, and what is wrong."""

    new: list[Change] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    same: int = 0
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    notes: tuple[str, ...] = ()

    def refuse(self, *problems: Problem) -> None:
        self.problem_count += len(problems)
        self.problems += problems[: max(0, MOST_PROBLEMS - len(self.problems))]

    def is_not_there(self, row: Row) -> None:
        """A row that withdraws what is not there: as before, and worth a word."""
        self.same += 1
        if len(self.notes) < SAMPLE:
            self.notes += (f"not_there:{row.line}",)

    @property
    def changes(self) -> Iterable[Change]:
        yield from self.new
        yield from self.changed

    def digest(self) -> str:
        """What would be done, in short: another one where the register or the day changed it."""
        said = "\n".join(f"{one.key}\t{_shown(one.before)}\t{_shown(one.after)}" for one in self.changes)
        return hashlib.sha256(said.encode()).hexdigest()

    def counts(self) -> dict[str, int]:
        return {"new": len(self.new), "changed": len(self.changed), "same": self.same, "errors": self.problem_count}

    def as_json(self) -> dict[str, Any]:
        """What a run keeps of it."""
        self.problems.sort(key=lambda problem: problem.line)
        sample = self.changed[:SAMPLE] + self.new[: SAMPLE - min(SAMPLE, len(self.changed))]
        return {
            "counts": self.counts(), "digest": self.digest(), "notes": list(self.notes),
            "errors": [problem.as_json() for problem in self.problems],
            "sample": [{"line": one.row.line, "key": one.key, "before": _shown(one.before), "after": _shown(one.after)}
                       for one in sample],
        }  # fmt: skip


def once(plan: Plan, rows: Sequence[Row], key: str) -> list[Row]:
    """The rows whose key no earlier row has; the others are refused, with the line of the first."""
    first: dict[Any, int] = {}
    kept = []
    for row in rows:
        line = first.setdefault(row[key], row.line)
        if line == row.line:
            kept.append(row)
        else:
            plan.refuse(Problem(row.line, key, Wrong.TWICE, str(row[key]), str(line)))
    return kept


def _shown(values: Mapping[str, Any] | None) -> dict[str, str] | None:
    return None if values is None else {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
