"""Operations that PostgreSQL answers by itself, in one statement.

`directness` says which, `shapes` how rows look as JSON, `recording` what else a write leaves
behind, and `operations` writes down the functions.
"""
