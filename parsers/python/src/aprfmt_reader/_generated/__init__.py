# GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 fb18130dce94459026ef8d0df2ef5a52eec0e12f4a3bc175a8e5d9b60cb49c06, and spec/metadata.schema.json, SHA-256 7269cea8492dd3fea70e352a31a8ceced55c2a80a163b08fef0a2acc897a39de.
# Regenerate: python -m aprfmt.codegen --write

"""Made from the specification of the APR v2 model container; see the banner of each module."""
