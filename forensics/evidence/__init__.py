"""Evidence that stands: sealing a case, checking a seal, tracing a quoted line to its file, sharing without names."""
