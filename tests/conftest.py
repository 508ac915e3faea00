"""How long Hypothesis looks: enough to meet every branch, and all of tests/fuzz within 90 seconds on two slow cores.

With CI=true the same examples run every time, so that a failure there is the fault of the change at hand.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

settings.register_profile(
    "aprfmt",
    deadline=None,  # the machine is shared; a slow example is no fault
    max_examples=int(os.environ.get("APRFMT_FUZZ_EXAMPLES", "120")),
    derandomize=_CI,
    database=None if _CI else settings.default.database if settings.default else None,
    suppress_health_check=[HealthCheck.too_slow],  # whole files take milliseconds to draw
)
settings.load_profile("aprfmt")
