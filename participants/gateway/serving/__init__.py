"""How requests are served: gathered into batches, claimed, answered, remembered."""
