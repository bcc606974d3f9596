"""Signs that whoever runs a network hides that it is one, and signs that it does not: one file a test.

They are read on the assumption that the network is one hand, which other tests decide: independent customers have
payers, exits and domains of their own too, and hide nothing.
"""
