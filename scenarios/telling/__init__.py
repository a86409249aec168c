"""Telling what happened in a run: stories of orders and the report's data."""
