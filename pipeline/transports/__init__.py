"""How bytes are had, one module per transport."""
