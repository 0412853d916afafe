"""Everything that needs memory: revisions, copies, versions."""
