"""The hub's only SQL: what is remembered, and how a whole batch is loaded and written."""
