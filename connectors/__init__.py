"""How stories come in: one module per kind of source.

A connector says what to ask and reads the answer; it does no I/O and knows nothing of the
pipeline, which knows it only through :mod:`connectors.base`.
"""
