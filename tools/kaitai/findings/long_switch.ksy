meta: {id: long_switch, endian: le}
seq:
  - {id: kind, type: u4}
  - id: body
    type:
      switch-on: kind
      cases:
        1: byte
types:
  byte: {seq: [{id: x, type: u1}]}
