"""What an insured area decides: pure rules over facts, no SQL, no Kafka, no clock."""
