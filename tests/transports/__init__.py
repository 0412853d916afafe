"""Tests of how bytes are had."""
