"""Tables of a case → the plain values that every form of a report is made of."""
