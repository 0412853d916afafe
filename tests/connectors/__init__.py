"""Tests of the connectors, on recordings."""
