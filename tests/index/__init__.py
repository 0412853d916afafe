"""The adapters of the index, each in what only it can do."""
