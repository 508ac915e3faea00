# GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 ffa01d8ff8af174ea0495f0fc60d87b27d1618daa6292680785a814295f7b00a.
# Regenerate: python -m aprfmt.codegen --write
"""Made from the specification; see the banner of each module."""
