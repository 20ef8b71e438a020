package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"time"
)

// Rows is the answer to a query of the views.
type Rows struct {
	Columns []string
	Rows    [][]any // a cell is a string, a number, a bool, a time.Time, or nil for unknown
}

// Query runs one SQL query as the user that the store was opened with: for
// readers' queries a user that may only read. It names columns as the query does.
// Lists and maps are given as JSON, numbers wider than 64 bits as text.
func (s *Store) Query(ctx context.Context, sql string) (Rows, error) {
	rows, err := s.conn.Query(ctx, sql)
	if err != nil {
		return Rows{}, err
	}
	defer rows.Close()
	answer := Rows{Columns: rows.Columns()}
	types := rows.ColumnTypes()
	for rows.Next() {
		targets := make([]any, len(types))
		for i, t := range types {
			targets[i] = reflect.New(t.ScanType()).Interface()
		}
		if err := rows.Scan(targets...); err != nil {
			return Rows{}, err
		}
		row := make([]any, len(targets))
		for i, target := range targets {
			if row[i], err = cell(reflect.ValueOf(target).Elem()); err != nil {
				return Rows{}, fmt.Errorf("column %q: %w", answer.Columns[i], err)
			}
		}
		answer.Rows = append(answer.Rows, row)
	}
	return answer, rows.Err()
}

// cell is a scanned value as one of the types that Rows promises.
func cell(v reflect.Value) (any, error) {
	if v.Kind() == reflect.Pointer && v.Type() != reflect.TypeFor[*big.Int]() {
		if v.IsNil() {
			return nil, nil
		}
		return cell(v.Elem())
	}
	switch value := v.Interface().(type) {
	case time.Time:
		return value.UTC(), nil
	case big.Int:
		return value.String(), nil
	case fmt.Stringer:
		return value.String(), nil
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		items := make([]any, v.Len())
		for i := range items {
			var err error
			if items[i], err = cell(v.Index(i)); err != nil {
				return nil, err
			}
		}
		text, err := json.Marshal(items)
		return string(text), err
	case reflect.Map:
		text, err := json.Marshal(v.Interface())
		return string(text), err
	default:
		return v.Interface(), nil
	}
}
