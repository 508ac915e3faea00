"""The generator: `spec/` becomes `src/aprfmt/layout/_generated/`, `docs/format.md` and `docs/rules.md`.

`python -m aprfmt.codegen --write | --check | --stdout`. Never imported at run time; imports nothing of the product.
"""
