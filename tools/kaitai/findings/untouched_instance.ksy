meta: {id: untouched_instance}
seq:
  - {id: version, type: u1}
instances:
  body: {pos: 100, size: 4}
