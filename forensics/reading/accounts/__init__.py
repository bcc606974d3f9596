"""The accounts file → REGISTER."""
