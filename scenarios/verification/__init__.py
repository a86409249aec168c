"""The invariants of a run folder, each checked from the files alone."""
