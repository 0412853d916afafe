"""Conflict news as a stream.

connectors -> poll -> items -> fetch -> pages -> extract -> articles -> enrich -> stories
-> resolve -> resolved, incidents -> index -> search.  The whole of it stands in
:mod:`pipeline.topology`.
"""
