package store

import (
	"errors"
	"fmt"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/clickhouse-go/v2"
)

// Fault says what to do about an error of ClickHouse.
type Fault int

// The two ways.
const (
	Retry Fault = iota // away, read-only, too many parts, out of memory, too slow: the same again later
	Halt               // waiting cannot help: the schema is wrong, or the user may not do this
)

// String names the fault for logs.
func (f Fault) String() string {
	if f == Halt {
		return "halt"
	}
	return "retry"
}

// halting are the codes of ClickHouse that the same statement will meet for ever.
// (src/Common/ErrorCodes.cpp; they are never renumbered.)
var halting = map[int32]bool{
	6:   true, // CANNOT_PARSE_TEXT
	10:  true, // NOT_FOUND_COLUMN_IN_BLOCK
	16:  true, // NO_SUCH_COLUMN_IN_TABLE
	20:  true, // NUMBER_OF_COLUMNS_DOESNT_MATCH
	36:  true, // BAD_ARGUMENTS
	43:  true, // ILLEGAL_TYPE_OF_ARGUMENT
	44:  true, // ILLEGAL_COLUMN
	46:  true, // UNKNOWN_FUNCTION
	47:  true, // UNKNOWN_IDENTIFIER
	48:  true, // NOT_IMPLEMENTED
	50:  true, // UNKNOWN_TYPE
	53:  true, // TYPE_MISMATCH
	60:  true, // UNKNOWN_TABLE
	62:  true, // SYNTAX_ERROR
	70:  true, // CANNOT_CONVERT_TYPE
	80:  true, // INCORRECT_QUERY
	81:  true, // UNKNOWN_DATABASE
	115: true, // UNKNOWN_SETTING
	170: true, // CLUSTER_DOESNT_EXIST (BAD_GET before 2017)
	192: true, // UNKNOWN_USER
	193: true, // WRONG_PASSWORD
	194: true, // REQUIRED_PASSWORD
	195: true, // IP_ADDRESS_NOT_ALLOWED
	291: true, // DATABASE_ACCESS_DENIED
	349: true, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
	452: true, // SETTING_CONSTRAINT_VIOLATION
	497: true, // ACCESS_DENIED
	516: true, // AUTHENTICATION_FAILED
	691: true, // UNKNOWN_ELEMENT_OF_ENUM
	701: true, // CLUSTER_DOESNT_EXIST
}

// mending says what helps against errors that pass by themselves once it is done.
var mending = map[int32]string{
	164: "let the user write",                               // READONLY
	202: "the server has too many queries at once",          // TOO_MANY_SIMULTANEOUS_QUERIES
	241: "give the server more memory",                      // MEMORY_LIMIT_EXCEEDED
	242: "the table is read-only: look at Keeper",           // TABLE_IS_READ_ONLY
	243: "free space on the server's disk",                  // NOT_ENOUGH_SPACE
	252: "the server's merges are behind: look at its load", // TOO_MANY_PARTS
}

// advised adds to an error of ClickHouse what helps against it, if that is known.
func advised(err error) error {
	if help := mending[codeOf(err)]; help != "" {
		return fmt.Errorf("%w; %s", err, help)
	}
	return err
}

// Classify says whether an operation that met err may be tried again as it is.
// Everything that is not known to be permanent may: an insert is absorbed when it
// lands twice, and stopping for a passing fault would need a human.
func Classify(err error) Fault {
	if halting[codeOf(err)] {
		return Halt
	}
	return Retry
}

// codeOf is the code of an error of ClickHouse; 0 of any other.
func codeOf(err error) int32 {
	var insert *ch.Exception
	if errors.As(err, &insert) {
		return int32(insert.Code)
	}
	var other *clickhouse.Exception
	if errors.As(err, &other) {
		return other.Code
	}
	return 0
}
