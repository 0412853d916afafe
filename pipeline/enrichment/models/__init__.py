"""The model files that ship with the package; ``docs/models.md`` says how each was made."""
