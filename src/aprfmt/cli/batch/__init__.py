"""One command over many files: jobs in threads, the line that says how far they are, the log of a run, a patch a file.

Nothing here knows what is done to a file.
"""
