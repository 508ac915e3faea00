meta: {id: fine_negative_size}
seq:
  - {id: len_body, type: s1}
  - {id: body, size: len_body}
