// Package property holds the tests of the system's invariant: any shuffle,
// duplication and batching of one log gives the same state and the same
// estimates, to the byte. They run through the real engine.
package property
