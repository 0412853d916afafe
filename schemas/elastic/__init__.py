"""Index templates of Elasticsearch; the prefix is put to names and patterns at set-up."""
