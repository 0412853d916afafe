"""The stream end to end, as a user runs it."""
