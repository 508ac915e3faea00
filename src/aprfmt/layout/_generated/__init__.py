# GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 7803e164b7461d6afd14dde40d1e61748c1d24ecc8ed988358c3a0d12133eb8b.
# Regenerate: python -m aprfmt.codegen --write
"""Made from the specification; see the banner of each module."""
