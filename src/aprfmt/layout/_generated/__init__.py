# GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 9531056143bbe9eb757b173e0b1f1c4ffb2e316fcb1380d370a85d33fb05c028.
# Regenerate: python -m aprfmt.codegen --write
"""Made from the specification; see the banner of each module."""
