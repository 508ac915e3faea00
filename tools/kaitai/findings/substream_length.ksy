meta: {id: substream_length, endian: le}
seq:
  - {id: len_body, type: u8}
  - {id: body, size: len_body, type: body}
  - {id: next, type: u1}
types:
  body:
    seq:
      - {id: x, type: u1}
