# GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 1d39c45eb940d6853f5e1aab56139afb13e7c4f33080865b4dbdda95df36e02d.
# Regenerate: python -m aprfmt.codegen --write
"""Made from the specification; see the banner of each module."""
