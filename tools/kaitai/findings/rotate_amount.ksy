meta: {id: rotate_amount}
seq:
  - {id: amount, type: u1}
  - {id: body, size: 2, process: rol(amount)}
