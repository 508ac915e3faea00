meta: {id: u8_as_text, endian: le}
seq:
  - {id: a, type: u8}
instances:
  text: {value: a.to_s}
  half: {value: (a / 2).as<u8>}
