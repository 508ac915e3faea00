meta: {id: index_in_until}
seq:
  - {id: items, type: item(_index.as<s4>), repeat: until, repeat-until: _index == 1}
types:
  item:
    params:
      - {id: i, type: s4}
    seq:
      - {id: x, type: u1}
