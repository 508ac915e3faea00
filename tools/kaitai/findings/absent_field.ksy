meta: {id: absent_field}
seq:
  - {id: has_len, type: u1}
  - {id: len_body, type: u1, if: has_len == 1}
  - {id: body, size: len_body}
