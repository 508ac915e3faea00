# GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 e2b7fc4e22543de52d0aa573ace54ff71ac2452e4ce6f6b3225a9afac2235222.
# Regenerate: python -m aprfmt.codegen --write
"""Made from the specification; see the banner of each module."""
