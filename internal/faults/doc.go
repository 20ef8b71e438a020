// Package faults holds the tests that break things: processes are killed, brokers
// and stores go away, records are poisoned. What they are measured by is a ledger:
// a list, kept by the sender, of every record that Kafka acknowledged. After each
// run the ledger must equal what is in the event table and in the dead letters, the
// views and estimates must be byte-identical to those of an undisturbed run over
// the same topic, and no committed offset may ever have gone backwards.
//
// The faults by number: 1 the consumer is killed; 5 the broker is; 6 ClickHouse goes
// away; 11 poison; 12 the dead-letter topic goes away; 13 the same event comes again;
// 16 programs that are wrong on purpose, which the oracle must find. Other numbers
// are kept for faults that are not yet tried.
//
// A run is repeatable: TUITION_SEED=n repeats the one that failed with seed n.
// TUITION_LONG=1 runs the long versions.
package faults
