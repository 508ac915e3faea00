# Lists of numbers, of fixed and of variable records, and fields that follow from the element before.
meta: {id: lists, endian: le}
doc: A table of rows.
-records: {row: Row, point: Point}
-layout: [head, table]
seq:
  - {id: head, type: head, doc: Counts.}
instances:
  table:
    pos: 8
    size: head.len_table
    type: table
    doc: The rows.
types:
  head:
    doc: Counts.
    seq:
      - {id: num_rows, type: u2, doc: How many rows., -count-of: table.rows}
      - {id: num_points, type: u2, doc: How many points., -count-of: table.points}
      - {id: len_table, type: u4, doc: Bytes of the table.}
  table:
    doc: Rows, then points, then the rest.
    seq:
      - id: rows
        type: row(_index.as<u4>, 7)
        repeat: expr
        repeat-expr: _root.head.num_rows
        doc: The rows.
        -unique-sorted: key
      - {id: points, type: point, repeat: expr, repeat-expr: _root.head.num_points, doc: The points.}
      - {id: rest, size-eos: true, doc: What is left., -fill: {byte: 0, align: 4}}
    instances:
      first_seven:
        value: rows[0].seven
        doc: For Kaitai.
        -kaitai-only: shows a parameter
  row:
    doc: One row.
    params:
      - {id: idx, type: u4, doc: Its place., -value: _index}
      - {id: seven, type: u4, doc: Seven., -kaitai-only: nothing needs it}
    instances:
      double:
        value: (len_key * 2).as<u8>
        doc: A value that is inlined.
    seq:
      - {id: len_key, type: u1, doc: Size of the key., -size-of: key}
      - id: key
        size: len_key
        doc: The key.
        valid: {expr: "idx == 0 or _parent.rows[idx - 1].key < _", -rule: T-040}
      - {id: ofs, type: u4, doc: A place., -build: "idx == 0 ? 0 : _parent.rows[_index - 1].ofs + _parent.rows[_index - 1].len_key * 2"}
      - {id: pad, size: (4 - (5 + len_key) % 4) % 4, doc: Up to the grid., -fill: {byte: 0, align: 4}}
      - {id: cells, type: u2, repeat: expr, repeat-expr: double, doc: Twice as many as the key has bytes.}
  point:
    doc: Two numbers.
    seq:
      - {id: x, type: u1, doc: First.}
      - {id: y, type: u1, doc: Second., -default: 9}
