"""One verb a file: value in, value out. No I/O, no clock."""
