meta: {id: message_of_all}
seq:
  - {id: body, size-eos: true, valid: '[1]'}
