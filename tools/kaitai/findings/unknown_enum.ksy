meta: {id: unknown_enum}
seq:
  - {id: kind, type: u1, enum: kind}
  - id: body
    type:
      switch-on: kind
      cases:
        'kind::byte': byte
        _: word
enums:
  kind: {1: byte}
types:
  byte: {seq: [{id: x, type: u1}]}
  word: {seq: [{id: x, type: u2be}]}
