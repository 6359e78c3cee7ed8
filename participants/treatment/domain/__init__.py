"""Pure rules of the treatment area: no SQL, no Kafka, no clock."""
