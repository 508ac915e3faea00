meta: {id: targets_without_checks}
seq:
  - {id: magic, contents: [1, 2]}
  - {id: a, type: u1, valid: 3}
  - {id: b, type: u1, valid: {min: 1}}
  - {id: c, type: u1, valid: {max: 9}}
  - {id: d, type: u1, valid: {any-of: [1, 2]}}
  - {id: e, type: u1, enum: kind, valid: {in-enum: true}}
enums:
  kind: {1: one}
