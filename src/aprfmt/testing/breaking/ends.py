"""Files with one fault at their end: the footer, and what follows it."""

from __future__ import annotations

from hypothesis import strategies as st

from ... import layout
from ...container import Container
from ...layout import FOOTER_SIZE
from ...source import BytesSource
from ..drafts import Draft
from ..outside import statements_of, wrong_bits
from . import breaks

__all__: list[str] = []


@breaks("APR-F001")
def footer_truncated(draw: st.DrawFn, draft: Draft) -> bytes:
    """The file without some bytes of its footer, but not without all."""
    raw = draft.built()
    return raw[: len(raw) - draw(st.integers(1, FOOTER_SIZE - 1))]


@breaks("APR-F002")
def footer_wrong(draw: st.DrawFn, draft: Draft) -> bytes:
    """Another checksum than that of the file; or a byte of a tensor that was changed after the footer was made."""
    tree = draft.tree()
    raw = layout.build(tree)
    right = layout.parse_footer(raw[len(raw) - FOOTER_SIZE :]).checksum
    section = tree["tensor_data"]
    if section and draw(st.booleans()):
        changed = bytearray(raw)
        start = len(raw) - FOOTER_SIZE - len(section)
        spans = [range(at, at + len(body.data)) for at, body in zip(draft.starts(), draft.bodies, strict=True)]
        claimed = [span for span in spans if span]
        if claimed:
            span = draw(st.sampled_from(claimed))
            changed[start + span[draw(st.integers(0, len(span) - 1))]] ^= 1 << draw(st.integers(0, 7))
            return bytes(changed)
    return draft.built(footer={"checksum": right ^ wrong_bits(draw, statements_of("APR-F002")[0])})


@breaks("APR-F003")
def footer_absent(draw: st.DrawFn, draft: Draft) -> bytes:
    """The file ends with its data section."""
    del draw
    return draft.built(footer=None)


@breaks("APR-F004")
def trailing_bytes(draw: st.DrawFn, draft: Draft) -> bytes:
    """Anything behind the footer."""
    return draft.built() + draw(_MORE)


_MORE = st.integers(1, 70).map(bytes) | st.binary(min_size=1, max_size=20)


@breaks("APR-F005", tensors=1, solid=True, beside=("APR-D005", "APR-D006", "APR-D007", "APR-F003"))
def footer_hidden(draw: st.DrawFn, draft: Draft) -> bytes:
    """The bit of the last offset that makes it larger by the size of the footer, in a file that was sound."""
    del draw
    raw = bytearray(draft.built())
    start, _ = Container(BytesSource(bytes(raw))).tensors[-1].field("ofs_tensor")[1]
    raw[start] ^= FOOTER_SIZE
    return bytes(raw)
