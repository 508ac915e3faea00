meta: {id: error_kinds, endian: le}
seq:
  - {id: magic, contents: [1]}
  - {id: ofs, type: u8}
instances:
  cut: {pos: 5, size: 9}
  far: {pos: ofs, size: 1}
  text: {pos: 1, type: str, size: 1, encoding: UTF-8}
  packed: {pos: 1, size: 4, process: zlib}
