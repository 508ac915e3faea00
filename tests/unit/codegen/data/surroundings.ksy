# Records whose sizes depend on what stands around them, and every way in which fields can be taken together.
meta: {id: surroundings, endian: le, bit-endian: le}
doc: A head, a table of rows, a tail.
-records: {head: Head, mask: Mask, row: Row, inner: Inner, tail: Tail}
-layout: [head, table, last]
seq:
  - {id: head, type: head, doc: Sizes.}
instances:
  len_file: {value: _io.size.as<u8>, doc: Size of the file.}
  table:
    pos: 8
    size: head.len_table
    type: table
    doc: The rows.
  end_of_table:
    value: (8 + head.len_table).as<u8>
    doc: Where the table ends.
  last:
    pos: end_of_table
    size: len_file - end_of_table
    type: tail
    doc: What is left.
types:
  head:
    doc: Sizes that the rows need.
    seq:
      - {id: num_rows, type: u1, doc: How many rows., -count-of: table.rows}
      - {id: width, type: u1, doc: Bytes of a piece of each row.}
      - {id: len_table, type: u2, doc: Bytes of the table.}
      - {id: mask, type: mask, doc: Three bytes of bits.}
      - {id: spare, type: u1, doc: A byte., -default: 0}
  mask:
    doc: Bits that no integer of Python's struct holds.
    seq:
      - {id: low, type: b1, doc: The lowest.}
      - {id: rest, type: b23, doc: The others.}
  table:
    doc: Rows and what is left.
    seq:
      - {id: len_own, type: u1, doc: Bytes of another piece of each row.}
      - {id: rows, type: row, repeat: expr, repeat-expr: _root.head.num_rows, doc: The rows.}
      - {id: rest, size-eos: true, doc: What is left.}
  row:
    doc: Lists and bytes of every kind.
    seq:
      - {id: flag, type: u2, doc: A number.}
      - {id: n, type: u1, doc: Length of two lists., -count-of: first}
      - {id: first, type: u2, repeat: expr, repeat-expr: n, doc: One list.}
      - {id: second, type: u1, repeat: expr, repeat-expr: n, doc: Another of the same length.}
      - {id: m, type: u2, doc: A length that is not one byte.}
      - {id: third, type: u4, repeat: expr, repeat-expr: m % 4, doc: A list of a computed length.}
      - {id: fixed, type: u4, repeat: expr, repeat-expr: 2, doc: A list of a fixed length.}
      - {id: wide, size: _root.head.width, doc: As the head says.}
      - {id: own, size: _parent.len_own, doc: As the table says.}
      - {id: place, size: _index * 2, doc: Longer in every row.}
      - {id: cut, size: n - 1, doc: There is no row without at least one.}
      - {id: inner, type: inner, doc: A record in the row.}
  inner:
    doc: As long as the row says.
    seq:
      - {id: sign, contents: [0x21], doc: A mark., -rule: T-060}
      - {id: tag, size: 3, doc: Three bytes.}
      - {id: text, size: _parent.n, doc: As long as the lists.}
  tail:
    doc: Everything that is left.
    seq:
      - {id: mark, type: u1, doc: A number.}
      - {id: rest, size-eos: true, doc: What is left.}
