# GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 fb18130dce94459026ef8d0df2ef5a52eec0e12f4a3bc175a8e5d9b60cb49c06.
# Regenerate: python -m aprfmt.codegen --write
"""Made from the specification; see the banner of each module."""
