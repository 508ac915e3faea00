# An enum with block geometry and aliases, one without geometry, and sizes that follow from them.
meta: {id: elements, endian: le}
doc: Blocks of elements.
-records: {element: Element, element_type: ElementType}
types:
  element:
    doc: One of them.
    seq:
      - id: kind
        type: u1
        enum: element_type
        doc: Element type.
        valid: {in-enum: true, -rule: T-020}
      - {id: colour, type: u2, enum: colour, doc: A colour., -default: 512}
      - {id: ndim, type: u1, doc: Number of dimensions., -count-of: dims}
      - {id: dims, type: u4, repeat: expr, repeat-expr: ndim, doc: The dimensions.}
      - {id: nbytes, type: u8, doc: Size in bytes., -build: "nbytes(kind, dims)"}
enums:
  element_type:
    1: {id: word, -orig-id: Word, -block-elems: 1, -block-bytes: 4, doc: A word.}
    2:
      id: old_block
      -alias-of: block
      doc: What writers used for a block.
      -warn: {rule: T-021}
    0x80:
      id: block
      -block-elems: 32
      -block-bytes: 18
      -scale-bytes: 4
      -row-padded: true
      -quantized: true
      -ggml-id: none
      doc: A block.
  colour:
    0: {id: red, doc: Like blood.}
    512: {id: blue, doc: Like the sky.}
