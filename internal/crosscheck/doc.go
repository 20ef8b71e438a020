// Package crosscheck holds tests that compute the same statistic twice, in Go
// by pkg/stats and in SQL by ClickHouse from its definition, on random data:
// each statement stands in a .sql file of its own.
package crosscheck
