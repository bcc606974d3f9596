"""What two rooms or more stand on: schema, settings, errors, kinds, statistics."""
