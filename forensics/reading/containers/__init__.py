"""Lines, tables and documents to raw fields."""
