"""Stage 11: findings as a terminal report, a page, Markdown, data and the formats of other tools."""
