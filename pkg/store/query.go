package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"time"
)

// Rows is the answer to a query of the views.
type Rows struct {
	Columns []string
	Rows    [][]any // a cell is a string, a number, a bool, a time.Time, or nil for unknown
}

// Bounds of an answer, which is held whole.
const (
	maxAnswerRows  = 1_000_000
	maxAnswerBytes = 256 << 20
)

// ErrTooLarge says that an answer was larger than is given.
var ErrTooLarge = fmt.Errorf("the answer has more than %d rows or %d MiB; add a LIMIT, or aggregate", maxAnswerRows, maxAnswerBytes>>20)

// Query runs one SQL query as the user that the store was opened with: for
// readers' queries a user that may only read. It names columns as the query does.
// Lists and maps are given as JSON, numbers wider than 64 bits as text.
func (s *Store) Query(ctx context.Context, sql string) (Rows, error) {
	ctx, cancel := context.WithCancel(ctx)
	rows, err := s.conn.Query(ctx, sql)
	if err != nil {
		cancel()
		return Rows{}, err
	}
	defer rows.Close()
	defer cancel() // first, else Close would wait for the rest of the answer
	answer := Rows{Columns: rows.Columns()}
	types := rows.ColumnTypes()
	size := 0
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
			size += 32 // of a cell, roughly
			if text, ok := row[i].(string); ok {
				size += len(text)
			}
		}
		answer.Rows = append(answer.Rows, row)
		if len(answer.Rows) > maxAnswerRows || size > maxAnswerBytes {
			return Rows{}, ErrTooLarge
		}
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
			if items[i], err = part(v.Index(i)); err != nil {
				return nil, err
			}
		}
		text, err := json.Marshal(items)
		return string(text), err
	case reflect.Map:
		items := map[string]any{}
		for key, value := range v.Seq2() {
			item, err := part(value)
			if err != nil {
				return nil, err
			}
			items[fmt.Sprint(key)] = item
		}
		text, err := json.Marshal(items)
		return string(text), err
	default:
		return v.Interface(), nil
	}
}

// part is a cell within a list or a map, for which JSON has no NaN and no infinity.
func part(v reflect.Value) (any, error) {
	value, err := cell(v)
	switch x := value.(type) {
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, err
		}
	case float32:
		if f := float64(x); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, err
		}
	}
	return value, err
}
