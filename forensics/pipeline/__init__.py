"""The steps in order, and who runs them."""
