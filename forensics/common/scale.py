"""Where several rooms draw the same line."""

from __future__ import annotations

OWN_SHARE = 0.5  # of a value's holders that are members, for the value to be the network's own
WAVE_S = 3600.0  # bans within this of the first of them are one wave
FOLLOWING_S = 72 * 3600.0  # a successor is born within this of a ban
SPEAKS, CARRIES = 0.5, 0.8  # fit from which an innocent explanation speaks, and from which it carries

SUPPOSED = 0.5  # membership of whoever was proposed with all users of a program: the tests speak of all together
TAKES_PART = 0.5  # probability from which an account takes part in what shows one hand, and does not stand beside it
