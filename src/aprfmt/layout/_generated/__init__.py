# GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 d031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700.
# Regenerate: python -m aprfmt.codegen --write
"""Made from the specification; see the banner of each module."""
