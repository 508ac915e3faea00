"""Where the receipts of stamps are written, and what only the command line knows of them: paths, time, this machine."""

from __future__ import annotations

import errno
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from ..errors import AprError, RequestError
from .stamping import Outcome, Way, left_alone, stamp_one

if TYPE_CHECKING:
    from ..ops.receipt import Receipt
    from .patching import Prepared

__all__ = ["SUFFIX", "Kept", "Receipts", "now", "stamp_with_receipt"]

SUFFIX = ".receipt.json"
"""What follows the name of a file in that of its receipt, where receipts have a folder."""

_ROOM_BYTES = 1 << 16
"""Free space that has to be there before a file is stamped: a receipt of a hundred tensors has about so much."""


def now() -> str:
    """The time, in UTC to the millisecond, as RFC 3339 has it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@cache
def _specification() -> str:
    from ..files import read_spec

    return sha256(read_spec("apr_v2.ksy")).hexdigest()


def _host() -> Mapping[str, str]:
    return {
        "hostname": platform.node(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


class Kept(NamedTuple):
    """A receipt that is there already, and where."""

    path: str
    receipt: Receipt

    def fits(self, outcome: Outcome) -> bool:
        """Whether it is of the stamp after which the file had the metadata that it has, as far as it says."""
        metadata = (self.receipt.after.sections or {}).get("metadata")
        stamp = outcome.stamp
        if metadata is None or stamp is None:
            return stamp is not None
        return sha256(stamp.input_metadata.raw).hexdigest() == metadata.sha256


class Receipts:
    """The receipts of one command. `place` is a file or, for a folder of them, a folder: one that is there, or whose
    name ends like one; for `many` files it always is.

    In a folder a receipt is called like its file, with `SUFFIX` behind it; what the files lie in is told apart by the
    folders that they do not share.

    Raises `RequestError` for a receipt that would take the place of one of the files, and for a folder that is a file.
    """

    def __init__(
        self,
        place: str,
        files: Sequence[str],
        *,
        many: bool,
        kind: str,
        with_host: bool,
        force: bool,
        output: str | None,
    ) -> None:
        self._kind, self._with_host, self._force = kind, with_host, force
        self._command_line = tuple(click.get_current_context().obj or ())
        self._is_folder = many or place.endswith(("/", os.sep)) or Path(place).is_dir()
        outputs = files if output is None else (output,)
        self._paths = dict(zip(files, _paths(place, outputs) if self._is_folder else [place], strict=True))
        if many and Path(place).exists() and not Path(place).is_dir():
            raise RequestError(f"--receipt: expected a folder for the receipts of many files, found a file: {place}")
        self._place = place
        taken = {os.path.realpath(path): path for path in (*files, *outputs)}
        for path in self._paths.values():
            if (file := taken.get(os.path.realpath(path))) is not None:
                raise RequestError(f"--receipt: expected a file of its own, found {file}, which is to be stamped")

    def make_folder(self) -> None:
        """Make the folder, where receipts have one; raises `OSError` as the system reports it."""
        if self._is_folder:
            Path(self._place).mkdir(parents=True, exist_ok=True)

    def kept(self, file: str) -> Kept | None:
        """A receipt that is there and not to be replaced, of a stamp after which the file was as large as it is."""
        from ..ops.receipt import MOST_BYTES, read_receipt

        path = Path(self._paths[file])
        if self._force or not path.is_file():
            return None
        try:
            with path.open("rb") as stream:
                found = read_receipt(stream.read(MOST_BYTES + 1))
            return Kept(str(path), found) if found.after.nbytes == Path(file).stat().st_size else None
        except (OSError, AprError):
            return None  # whatever is there instead, nothing is written over it

    def require(self, file: str) -> None:
        """Raise what `write` would raise before it writes, so that nothing is stamped that gets no receipt."""
        from ..files import require_writable

        path = Path(self._paths[file])
        if self._is_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            require_writable(path, _ROOM_BYTES, force=self._force)
        except RequestError as error:
            raise RequestError(f"--receipt: {error}") from error

    def write(self, outcome: Outcome, started_at: str) -> Outcome:
        """Write the receipt of a stamp; the outcome with its path.

        Raises `OSError` as the system reports it, which says that the file is stamped already. What a receipt says of a
        file before its stamp, nobody could find out afterwards: it is then written beside the file instead.
        """
        from .. import __version__
        from ..ops.receipt import Context, receipt, receipt_bytes

        if outcome.stamp is None:
            return outcome
        path = self._paths[outcome.file]
        context = Context(
            input=outcome.file,
            output=outcome.file if outcome.output is None else outcome.output,
            version=__version__,
            specification=_specification(),
            command_line=self._command_line,
            started_at=started_at,
            finished_at=now(),
            host=_host() if self._with_host else None,
            notes=outcome.asked_notes,
        )
        document = receipt_bytes(receipt(outcome.stamp, context, self._kind))
        try:
            _write(document, path, force=self._force)
        except (OSError, RequestError) as error:
            number, reason = (error.errno, error.strerror) if isinstance(error, OSError) else (errno.EEXIST, str(error))
            state = _state(outcome, document, f"{context.output}{SUFFIX}")
            raise OSError(number, f"{reason or error} ({state})", path) from error
        return replace(outcome, receipt=path)


def _write(document: bytes, path: str, *, force: bool) -> None:
    from ..files import write_plan
    from ..plan import Literal

    write_plan((Literal(document),), path, source=None, force=force)


def _state(outcome: Outcome, document: bytes, beside: str) -> str:
    """What is so although there is no receipt, or none in its place: `beside` is where else it may go."""
    if outcome.status == "unchanged":
        return "the file is as it was; its receipt could not be written"
    with suppress(OSError, RequestError):
        _write(document, beside, force=False)
        return f"the file is stamped; its receipt is {beside} instead"
    proof = None if outcome.stamp is None else outcome.stamp.proof
    before = "" if proof is None else f"; before, it had {proof.before.nbytes} bytes, SHA-256 {proof.before.sha256}"
    return f"the file is stamped; its receipt could not be written{before}"


def stamp_with_receipt(
    file: str,
    output: str | None,
    prepared: Prepared,
    way: Way,
    receipts: Receipts | None,
    progress: Callable[[int, int], None] | None,
) -> Outcome:
    """Stamp a file and write its receipt, where there are `receipts`.

    A file in place that has every value already, and a receipt, keeps both: the receipt tells of what was there before.
    Raises what `stamp_one` raises, and before anything is stamped what keeps the receipt from being written.
    """
    if receipts is None:
        return stamp_one(file, output, prepared, way, progress)
    started_at = now()
    kept = receipts.kept(file) if way.in_place else None
    outcome = None if kept is None else left_alone(file, prepared, way)
    if kept is not None and outcome is not None and kept.fits(outcome):
        said = f"the receipt that is there stays (aprfmt verify holds the file against it): {kept.path}"
        return replace(outcome, receipt=kept.path, notes=(*outcome.notes, said))
    receipts.require(file)
    return receipts.write(stamp_one(file, output, prepared, way, progress), started_at)


def _paths(place: str, files: Sequence[str]) -> list[str]:
    """A path in the folder for each file, below the folders that the files do not share."""
    real = [os.path.realpath(file) for file in files]
    shared = os.path.commonpath([os.path.dirname(path) for path in real])  # noqa: PTH120 - beside realpath
    return [str(Path(place, os.path.relpath(path, shared) + SUFFIX)) for path in real]
