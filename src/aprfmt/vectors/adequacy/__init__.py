"""The proof that the vectors decide every rule: each rule of the validator is weakened, and a vector must notice.

Mutants are derived from the declarations: from the checks that the specification generates, the functions that judge
rules and what they call, the tables that these look things up in, and the profiles. Nothing is written to a disk.
"""

from __future__ import annotations

from .judging import adequacy
from .mutants import Mutant, mutants
from .report import table
from .results import AdequacyReport, Row

__all__ = ["AdequacyReport", "Mutant", "Row", "adequacy", "mutants", "table"]
