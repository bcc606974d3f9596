"""Innocent reasons for a network, tested as seriously as the signs: one file a test."""
