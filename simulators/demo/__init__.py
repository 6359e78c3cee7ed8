"""`yidi demo`: one story from registration to clearing, told while it happens."""
