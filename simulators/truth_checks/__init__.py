"""The truths, by what they are about; `simulators.truths` is the one table of them all."""
