"""What became of the mutants: a row each, and what the rows say together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal, get_args

from .mutants import Mutant

__all__ = ["BY", "AdequacyReport", "By", "Row"]

By = Literal["verdict", "crash", "findings"]
"""How a kill shows: in the verdict, as any implementation would show it; as a crash; or in nothing but the findings."""
BY: tuple[By, ...] = get_args(By)


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one mutant. `equivalent` is the reason why no file tells it from the original, and `free` why none
    needs to."""

    mutant: Mutant
    killed_by: str | None = None
    by: By | None = None
    equivalent: str = ""
    free: str = ""

    @property
    def survives(self) -> bool:
        """Whether a vector is missing."""
        return self.killed_by is None and not self.equivalent and not self.free

    @property
    def text(self) -> str:
        """The row as a line."""
        if self.killed_by is not None:
            return f"killed by {self.killed_by} ({self.by}): {self.mutant.id}"
        if self.survives:
            return f"survives: {self.mutant.id}: {self.mutant.about}"
        return f"{'equivalent' if self.equivalent else 'free'}: {self.mutant.id}: {self.equivalent or self.free}"

    def as_json(self) -> dict[str, Any]:
        """The row as a flat JSON object."""
        return {
            "id": self.mutant.id,
            "rules": list(self.mutant.rules),
            "operator": self.mutant.operator,
            "killed_by": self.killed_by,
            "by": self.by,
            "equivalent": self.equivalent,
            "free": self.free,
        }


@dataclass(frozen=True, slots=True)
class AdequacyReport:
    """Every mutant that was tried. `flawed` are vectors that the unchanged validator does not bear out, `stale` the
    entries of the table of equivalents that belong to no mutant or to one that is killed."""

    rows: tuple[Row, ...]
    flawed: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    n_vectors: int = 0

    @property
    def killed(self) -> tuple[Row, ...]:
        """The mutants that a vector kills."""
        return tuple(row for row in self.rows if row.killed_by is not None)

    @property
    def equivalents(self) -> tuple[Row, ...]:
        """The mutants that no file tells from the original."""
        return tuple(row for row in self.rows if row.equivalent)

    @property
    def free(self) -> tuple[Row, ...]:
        """The mutants that no vector needs to kill."""
        return tuple(row for row in self.rows if row.free and not row.equivalent)

    @property
    def survivors(self) -> tuple[Row, ...]:
        """The mutants for which a vector is missing."""
        return tuple(row for row in self.rows if row.survives)

    @property
    def complete(self) -> bool:
        """Whether the vectors decide everything, and every recipe and every reason holds."""
        return bool(self.rows) and not self.survivors and not self.flawed and not self.stale

    @property
    def summary(self) -> str:
        """The last line: `412 of 412 mutants killed; 9 equivalent`."""
        n_killed = len(self.killed)
        beside = {
            "equivalent": len(self.equivalents),
            "free": len(self.free),
            "flawed": len(self.flawed),
            "stale": len(self.stale),
        }
        parts = [f"{number} {word}" for word, number in beside.items() if number]
        return "; ".join([f"{n_killed} of {n_killed + len(self.survivors)} mutants killed", *parts])

    def joined(self, other: AdequacyReport) -> AdequacyReport:
        """This report and one about other mutants, on the same vectors."""
        return AdequacyReport(
            rows=(*self.rows, *other.rows),
            flawed=tuple(dict.fromkeys((*self.flawed, *other.flawed))),
            stale=tuple(dict.fromkeys((*self.stale, *other.stale))),
            n_vectors=max(self.n_vectors, other.n_vectors),
        )

    def of_these(self, names: Collection[str]) -> AdequacyReport:
        """What the report says of the mutants of these ids alone, in the order of the report."""
        wanted = frozenset(names)
        return AdequacyReport(
            rows=tuple(row for row in self.rows if row.mutant.id in wanted),
            flawed=self.flawed,
            stale=tuple(name for name in self.stale if name in wanted),
            n_vectors=self.n_vectors,
        )

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {
            "complete": self.complete,
            "vectors": self.n_vectors,
            "mutants": len(self.rows),
            "killed": len(self.killed),
            "equivalent": len(self.equivalents),
            "free": len(self.free),
            "survivors": [
                {
                    "id": row.mutant.id,
                    "rules": list(row.mutant.rules),
                    "operator": row.mutant.operator,
                    "about": row.mutant.about,
                }
                for row in self.survivors
            ],
            "flawed": list(self.flawed),
            "stale": list(self.stale),
            "rows": [row.as_json() for row in self.rows],
        }
