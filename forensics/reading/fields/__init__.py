"""Which field of a log is which column of EVENTS: aliases, mapping files, the contract of a format."""
