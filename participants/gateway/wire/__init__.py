"""What stands in a message: the envelope, its fields, code lists and institutions' profiles."""
