"""The simulation, its truths, and what they find."""
