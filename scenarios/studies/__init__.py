"""Studies: many runs of one scenario's variants, and what can be said of them."""
