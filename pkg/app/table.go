package app

// Table is rows to print. A cell is a string, a number, a bool, a time.Time or nil for unknown.
type Table struct {
	Columns []string
	Rows    [][]any
}
