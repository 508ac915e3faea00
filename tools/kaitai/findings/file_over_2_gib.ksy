meta: {id: file_over_2_gib}
seq:
  - {id: version, type: u1}
