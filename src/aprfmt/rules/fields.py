"""The statements of the specification about single fields: `valid`, `contents` and `-warn` of the ksy.

Their ids are not written here: `facts.STATEMENTS` has them, and `docs/rules.md` says which field states which rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

from ..layout import Violation, facts
from . import Case, Fault, faults_of, rule

__all__: list[str] = []


def _ids(*owners: str) -> tuple[str, ...]:
    """The rules that the check functions of some types judge."""
    stated = (item for item in facts.STATEMENTS if item.owner in owners and item.is_checked)
    return tuple(dict.fromkeys(item.rule for item in stated if item.rule is not None))


_PLACES = ("APR-S001", "APR-S002", "APR-S003")


def _fault(violation: Violation, path: str, span: tuple[int, int], tensor: str | None = None, more: str = "") -> Fault:
    message = facts.RULES[violation.rule].defect + more if more else ""
    return Fault(violation.rule, path, span, violation.expected, violation.found, message, tensor)


@rule("APR-H008")
def too_small(case: Case) -> Iterator[Fault]:
    """There are not as many bytes as a header takes."""
    for fault in faults_of(lambda: case.container.header_bytes, "APR-H008"):
        magic = case.container.first_bytes[: len(facts.MAGIC)]
        what = facts.MAGIC_LOOKALIKES.get(magic, "no APR v2 file") if not facts.MAGIC.startswith(magic) else ""
        yield replace(fault, message=f"{fault.message}; by its first bytes this is {what}") if what else fault


@rule(*_ids("header", "flags"))
def header_fields(case: Case) -> Iterator[Fault]:
    """A field of the header is outside what the format allows."""
    container = case.container
    for violation in facts.check_header(container.header, root=container.root):
        span = container.header_spans[violation.field.partition(".")[0]]
        more = ""
        if violation.rule == "APR-H001" and container.header.magic in facts.MAGIC_LOOKALIKES:
            more = f": this is {facts.MAGIC_LOOKALIKES[container.header.magic]}"
        elif violation.rule in _PLACES and getattr(container.header, violation.field) > container.source.size:
            more = f", which has {container.source.size} bytes: most likely it was cut off"
        yield _fault(violation, f"header.{violation.field}", span, more=more)


@rule("APR-I001")
def index_too_small(case: Case) -> Iterator[Fault]:
    """The header counts more tensors than the index section holds."""
    yield from faults_of(lambda: case.container.tensors, "APR-I001")


@rule(*_ids("tensor_index_entry"))
def entry_fields(case: Case) -> Iterator[Fault]:
    """A field of an index entry is outside what the format allows."""
    container = case.container
    parent = SimpleNamespace(entries=[tensor.entry for tensor in container.tensors])
    for tensor in container.tensors:
        violations = facts.check_tensor_index_entry(
            tensor.entry, root=container.root, parent=parent, index=tensor.index
        )
        outside = False
        for violation in violations:
            path, span = tensor.field(violation.field)
            more = ""
            if violation.rule == "APR-D001":
                if outside:  # of a tensor that begins outside the file the size says nothing
                    continue
                outside = True
                # Most likely the file was cut: say by how much.
                size, required = container.source.size, container.required_len
                more = f", which has {size} of the {required} bytes that its index needs"
            yield _fault(violation, path, span, tensor.name, more)
