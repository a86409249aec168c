"""A day being watched: pictures of it, cut to what a screen shows, sent over a local socket; commands come back."""
