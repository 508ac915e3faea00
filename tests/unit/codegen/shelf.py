"""A small format whose places and widths are not those of APR: what is emitted for it is computed, not typed."""

from __future__ import annotations

__all__ = ["SHELF"]

SHELF = """
meta: {id: shelf_v7, title: Shelf v7, file-extension: shf, license: MIT, endian: le, bit-endian: le}
doc: Boxes on a shelf.
-layout: [head, title, lots, goods, seal]
-records: {head: Head, marks: Marks, box: Box, seal: Seal, colour: Colour}
seq:
  - {id: head, type: head, size: 28, doc: What lies where.}
instances:
  step: {value: 8, doc: The grid.}
  len_file: {value: _io.size.as<u8>, doc: Size of the file.}
  title:
    pos: 28
    size: head.len_title
    doc: "What is on it: \\\\ or \\"nothing\\"."
    -type: json
    -schema: title.json
  lots:
    pos: (28 + head.len_title).as<u8>
    size: head.ofs_goods - 28 - head.len_title
    type: lots
    doc: The boxes.
  end_of_goods:
    value: (head.ofs_goods + lots.total).as<u8>
    -value: head.ofs_goods + max_of(lots.entries, _.ofs_box + align(_.len_box, step))
    doc: Where the goods end.
  goods:
    pos: head.ofs_goods
    size: end_of_goods - head.ofs_goods
    doc: What is in the boxes.
    -fill: {byte: 0, align: 8}
  seal:
    pos: end_of_goods
    type: seal
    if: len_file != end_of_goods
    doc: It may be missing.
    -optional: derived
types:
  head:
    doc: The first 28 bytes.
    seq:
      - id: magic
        contents: ["SHF", 0]
        doc: The name.
        -rule: T-001
        -lookalikes:
          - {bytes: "SHF1", name: a SHF file of long ago}
          - {bytes: "B\\\\K%", name: "an SHF file, 100% paper"}
          - {bytes: "BOOK", name: a book}
      - {id: spare, size: 2, doc: Nothing., -fill: {byte: 0}}
      - {id: edition_major, type: u2, valid: {eq: 770, -rule: T-002}, doc: Which edition.}
      - {id: edition_minor, type: u4, doc: Which print.}
      - {id: marks, type: marks, size: 2, doc: What is special.}
      - {id: num_lots, type: u2, -count-of: lots.entries, doc: How many boxes.}
      - {id: len_title, type: u4, -size-of: title, doc: Size of the title.}
      - {id: ofs_goods, type: u8, -offset-of: goods, doc: Where the goods begin.}
  marks:
    doc: Bits.
    seq:
      - {id: usual, type: b1, -default: true, doc: Nearly always set.}
      - {id: signed, type: b1, doc: By somebody.}
      - {id: level, type: b3, doc: How high.}
      - {id: rest, type: b11, doc: The rest.}
  lots:
    doc: One behind the other.
    seq:
      - {id: entries, type: box, repeat: expr, repeat-expr: _root.head.num_lots, doc: The boxes., -unique-sorted: name}
      - {id: padding, size-eos: true, doc: Filler., -fill: {byte: 0, align: 8}}
    instances:
      total: {value: 0, doc: Where the last one ends., -kaitai-only: end_of_goods says it}
  box:
    doc: One box. It has a name.
    seq:
      - {id: len_name, type: u1, -size-of: name, doc: Size of the name.}
      - {id: name, size: len_name, -encoding: UTF-8, doc: The name.}
      - {id: colour, type: u2, enum: colour, doc: The colour.}
      - {id: num_sides, type: u1, -count-of: sides, doc: Number of sides.}
      - {id: sides, type: u4, repeat: expr, repeat-expr: num_sides, doc: The sides.}
      - {id: ofs_box, type: u4, doc: Counted from the goods.}
      - {id: len_box, type: u4, doc: Size in bytes.}
    instances:
      data:
        io: _root._io
        pos: (_root.head.ofs_goods + ofs_box).as<u8>
        size: len_box
        doc: What is in the box.
        -kaitai-only: another look at the goods
  seal:
    doc: The last two bytes.
    seq:
      - {id: wax, type: u2, doc: Red.}
enums:
  colour:
    1: {id: red, doc: Like wax.}
    515: {id: u8, doc: A word of some languages.}
"""
