"""Says at the end of a run how often stamps in place, and recoveries of them, were cut."""

from __future__ import annotations

import pytest
from tests.unit.files.inplace.faults import CUTS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if CUTS:
        cuts = ", ".join(f"{CUTS[what]:,} by {what}" for what in sorted(CUTS))
        terminalreporter.write_line(f"stamps in place were cut {CUTS.total():,} times: {cuts}")
