"""One module a command; the listing of this folder is the list of commands. Nothing heavy at the top of a module."""
