"""Signs that one hand moves the accounts of a network: one file a test."""
