"""Licences as people should write them: expressions of SPDX, and the ids of the model hub.

The list of SPDX and its grammar come from libraries, which are loaded with the first licence that is looked at.
"""

from __future__ import annotations

from .entries import CATALOGUES, Entry
from .expressions import Licence, LicenceError, normalise_license
from .guess import search

__all__ = ["CATALOGUES", "Entry", "Licence", "LicenceError", "normalise_license", "search"]
