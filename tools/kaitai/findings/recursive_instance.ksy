meta: {id: recursive_instance}
seq:
  - {id: entries, type: entry(_index.as<s4>), repeat: eos}
instances:
  max: {value: entries.last.max_so_far}
types:
  entry:
    params:
      - {id: i, type: s4}
    seq:
      - {id: x, type: u1}
    instances:
      before: {value: "i == 0 ? 0.as<u1> : _parent.as<recursive_instance>.entries[i - 1].max_so_far.as<u1>"}
      max_so_far: {value: "(before > x ? before : x).as<u1>"}
