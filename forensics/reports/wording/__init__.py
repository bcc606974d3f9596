"""Sentences and figures: one vocabulary for screen, page and files."""
