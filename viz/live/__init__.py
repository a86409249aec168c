"""The live view: a page on which a day unfolds, fed by an engine in another process."""
