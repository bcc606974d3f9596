"""Made worlds with labels, and how well a case found what was planted."""
