meta: {id: switch_default}
seq:
  - {id: kind, type: u1}
  - id: body
    size: 2
    type:
      switch-on: kind
      cases:
        1: byte
types:
  byte: {seq: [{id: x, type: u1}]}
