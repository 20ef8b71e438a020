-- The rows of the log: whether they are others than before.
SELECT count(), sum(cityHash64(e.kind, e.entity, e.ord, e.first_received)) FROM event AS e
