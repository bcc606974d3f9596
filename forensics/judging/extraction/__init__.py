"""Signs that the traffic of a network harvests the model: one file a test."""
