meta: {id: nested_copies}
seq:
  - {id: more, type: u1}
  - {id: child, type: nested_copies, size-eos: true, if: more == 1}
