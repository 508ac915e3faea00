meta: {id: fine_contents}
instances:
  magic: {pos: 0, contents: [0xc8]}
