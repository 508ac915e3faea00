# GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 02e72ded9ce167980e285c0c6b4ce83e6be6d764282d852ae7e3f6e6ba4d998c.
# Regenerate: python -m aprfmt.codegen --write
"""Made from the specification; see the banner of each module."""
