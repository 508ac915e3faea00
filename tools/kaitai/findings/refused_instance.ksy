meta: {id: refused_instance}
instances:
  version: {pos: 0, type: u1, valid: 5}
