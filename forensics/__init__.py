"""Offline log forensics: networks of API accounts that one operator runs, with the evidence and the innocent reasons.

    sources ─reading→ EVENTS SOURCES REJECTS REGISTER ─describing→ ACCOUNTS SIGHTINGS
            ─linking→ LINKS MEMBERS ─judging→ HALLMARKS NETWORKS ─nights→ LINEAGE PROFILES; all of them ─reports→ people

A room imports only rooms above it:

    common      what two rooms or more stand on
    case        the folder of an investigation: the only place that knows paths
    reading     logs and accounts files to events
    describing  events to numbers and observables of accounts
    linking     observables to links and networks
    judging     networks to tested signs and verdicts
    nights      the same case again, night after night
    defences    what a defender asks beyond a finding
    reports     tables to words, pages, files
    evidence    seal, verify, sign, share
    worlds      made worlds, and how well a case found them
    pipeline    the steps in order, and who runs them
    commands    the command line
"""

__version__ = "0.1.0"
