"""One self-contained page with pictures."""
