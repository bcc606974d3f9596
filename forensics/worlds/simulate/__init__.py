"""Seeded worlds of API traffic: networks planted among innocent look-alikes, written as raw logs with labels."""

from forensics.worlds.simulate.presets import PRESETS, SPLITS, Spec
from forensics.worlds.simulate.world import LEVELS, simulate_world

__all__ = ["LEVELS", "PRESETS", "SPLITS", "Spec", "simulate_world"]
