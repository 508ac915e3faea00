meta: {id: pointer_cycle}
seq:
  - {id: head, type: node}
types:
  node:
    seq:
      - {id: ofs_next, type: u1}
    instances:
      next: {pos: ofs_next, type: node}
      depth: {value: "ofs_next == 255 ? 0.as<u4> : (next.depth.as<u4> + 1).as<u4>"}
