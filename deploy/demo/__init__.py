"""The sample newsroom: publishers, feeds and pages, all invented, over real HTTP."""
