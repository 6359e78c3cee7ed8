"""Generated requests at every door: no fault, no hang, nothing left of what was refused."""
