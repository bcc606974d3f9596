"""Semantic honeypots: equivalent phrasings in the operator's own outputs that tell which holder a leak came through.

    positions → usable positions (positions.py, meaning.py) → is it worth it (power.py) → words (codes.py, assign.py)
    found texts → which variants they hold (texts.py, matching.py) → scores, null, verdict (trace.py, codes.py)

Takes frames of positions and holders; gives holder × position → variant, what was observed, and scores.
"""
