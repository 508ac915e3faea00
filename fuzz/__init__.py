"""Fuzzing by coverage, with atheris: README.md beside this says how. A package, because `tests/fuzz` would hide it."""
