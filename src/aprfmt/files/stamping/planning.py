"""An order planned: which bytes the stamped file has, in the layout that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ...ops.stamp import Stamp, plan_stamp
from ...plan import Observe
from ..opened import OpenContainer
from .options import Order

if TYPE_CHECKING:
    from ...ops.inplace import InPlace
    from ...ops.proof import Proof

__all__ = ["planned", "planned_in_place", "witness"]


def planned(container: OpenContainer, order: Order) -> Stamp:
    """The stamp as a whole new file. Errors as for `plan_stamp` and `plan_in_place`."""
    if order.layout == "growable":
        return planned_in_place(container, order).stamp
    drop_trailing, accept = order.drop_trailing, order.accept
    return plan_stamp(container, order.patch, drop_trailing=drop_trailing, accept=accept, verify=order.verify)


def planned_in_place(container: OpenContainer, order: Order) -> InPlace:
    """The stamp as the few bytes to write. Errors as for `plan_in_place`."""
    from ...ops.inplace import plan_in_place
    from ..inplace import block_nbytes

    options = order.options
    return plan_in_place(
        container,
        order.patch,
        accept=order.accept,
        drop_trailing=order.drop_trailing,
        reserve=options.reserve,
        block=block_nbytes(order.src),
        footer="keep" if options.keep_footerless else "derive",
        verify=order.verify,
    )


def witness(stack: ExitStack, container: OpenContainer, stamp: Stamp) -> tuple[Observe, Callable[[], Proof]]:
    """What sees the bytes go by, and what says afterwards what it saw."""
    from ...ops.proof import Witness

    seen = stack.enter_context(Witness(container, stamp))
    return seen.see, seen.proof
