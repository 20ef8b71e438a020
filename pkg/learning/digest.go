package learning

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"reflect"
)

// Digest is a hash of all that the input holds, and of texts that go with it: another
// one if anything differs, be it the order of rows. As JSON the rows were the larger half
// of what it takes to read them.
func (in *Input) Digest(with ...string) string {
	sum := sha256.New()
	d := digester{Writer: bufio.NewWriterSize(sum, 1<<16)}
	d.add(reflect.ValueOf(with))
	d.add(reflect.ValueOf(in))
	_ = d.Flush() // a hash takes everything
	return hex.EncodeToString(sum.Sum(nil))
}

// digester writes values in one way each: texts and lists after their length, numbers
// in eight bytes, what is pointed to in the pointer's place.
type digester struct {
	*bufio.Writer
	room [8]byte
}

func (d *digester) add(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		d.texts(v.String())
	case reflect.Bool:
		d.bool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.number(uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		d.number(v.Uint())
	case reflect.Float32, reflect.Float64:
		d.number(math.Float64bits(v.Float()))
	case reflect.Slice:
		d.number(uint64(v.Len()))
		for i := range v.Len() {
			d.add(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			d.add(v.Field(i))
		}
	case reflect.Pointer:
		d.add(v.Elem())
	default:
		panic(fmt.Sprintf("no digest of a %s", v.Type())) // of a field that Input does not have yet
	}
}

func (d *digester) texts(texts ...string) {
	for _, text := range texts {
		d.number(uint64(len(text)))
		_, _ = d.WriteString(text)
	}
}

func (d *digester) numbers(numbers ...int64) {
	for _, n := range numbers {
		d.number(uint64(n))
	}
}

func (d *digester) bool(b bool) {
	n := byte(0)
	if b {
		n = 1
	}
	_ = d.WriteByte(n)
}

func (d *digester) number(n uint64) {
	binary.LittleEndian.PutUint64(d.room[:], n)
	_, _ = d.Write(d.room[:])
}
