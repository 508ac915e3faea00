# GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 227221c8878e3a2aabce91c1948596c46e44216aa7b10d0ccd6656a21da42cf5.
# Regenerate: python -m aprfmt.codegen --write
"""Made from the specification; see the banner of each module."""
