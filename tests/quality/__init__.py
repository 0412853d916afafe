"""Floors of what the models answer."""
