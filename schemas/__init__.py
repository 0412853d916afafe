"""The contracts as data: one JSON Schema per record, Elasticsearch templates."""
