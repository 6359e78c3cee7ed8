"""Pure rules of the hub: no SQL, no Kafka, no clock."""
