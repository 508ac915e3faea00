"""The generator: `spec/` becomes `src/aprfmt/layout/_generated/` and `docs/format.md`.

`python -m aprfmt.codegen --write | --check | --stdout`. Never imported at run time; imports nothing of the product.
"""
