package server

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// TestClasses has the numbers in which one class ends and another does not, and
// those that more than one part of the program acts on.
func TestClasses(t *testing.T) {
	for _, tt := range []struct {
		why    string
		number uint16
		is     Class
		isNot  Class
	}{
		{"no error of a server", 0, 0, ^Class(0)},
		{"too many connections", 1040, Unavailable | Unasked | Crowded, Account},
		{"a limit of the account ends with time", 1226, Unavailable | Unasked | Crowded, Denied},
		{"a right is missing, and the message names the account", 1142, Denied | Account | Unasked, Unavailable},
		{"a wrong password is ours to mend, not a right that is missing", 1045, Account | Unasked, Denied | Unavailable},
		{"a replica takes SELECTs", 1290, ReadOnly | Unasked, Unavailable},
		{"a deadlock waits for no lock", 1213, Conflict | Unasked, Locked},
		{"a lock's time is over, and all is undone", 1205, Conflict | Locked | Unasked, Unavailable},
		{"NOWAIT undoes nothing", 3572, Locked, Conflict},
		{"MariaDB's snapshot is too old", 1020, Conflict, Unavailable},
		{"TiDB's write conflict", 9007, Conflict, Unavailable},
		{"a SELECT that meets a lock on TiDB is not to blame", 9004, Conflict | Locked | Unasked, Unavailable},
		{"TiDB keeps what a SELECT reads only so long", 9006, TimeLimit | Unasked, Conflict},
		{"between TiDB's numbers", 8150, 0, ^Class(0)},
		{"the table is full, or memory is", 1114, Exhausted | Unasked, Unavailable},
		{"an unknown column is the query's fault, or the catalog's", 1054, Unknown, Unasked | Changed},
		{"so is an unknown table; a schema change waits for it", 1146, Unknown | Changed, Unasked},
		{"a column that is there", 1060, Changed, Unknown},
		{"an index of a text without a length", 1170, NoIndex, Changed},
		{"the server's time limits", 3024, TimeLimit | Unasked, 0},
		{"a number out of range is the query's fault, or a value's", 1690, Refused, ^Refused},
		{"JSON of a number beyond all range", 3140, Refused, Unasked},
		{"an event larger than TiDB takes", 8025, TooBig, Refused | Exhausted},
		{"TiDB's memory for one query is used up", 8175, Exhausted | Unasked, TooBig},
		{"a statement prepared for a table that was dropped", 8113, Outlived, Conflict | Refused},
		{"MySQL would not mix engines in a transaction, and stores all", 6414, Advice, ^Advice},
		{"a value was cut", 1265, Refused, Advice},
	} {
		err := fmt.Errorf("statement: %w", &mysql.MySQLError{Number: tt.number})
		if got := ClassOf(err); got&tt.is != tt.is || got.Has(tt.isNot) {
			t.Errorf("%s: %d has the classes %b, want %b and none of %b", tt.why, tt.number, got, tt.is, tt.isNot)
		}
	}
	for message, is := range map[string]Class{
		"Lock wait timeout exceeded; try restarting transaction": Conflict | Locked | Unasked,
		"lock wait timeout":                 Conflict | Locked | Unasked,
		"context canceled":                  Stopped | Unasked, // the KILL of a large join, now and then
		"runtime error: index out of range": 0,
	} {
		if got := ClassOf(&mysql.MySQLError{Number: 1105, Message: message}); got != is {
			t.Errorf("TiDB's unknown error %q has the classes %b, want %b", message, got, is)
		}
	}
	for message, is := range map[string]Class{
		"Internal error: no more":                Unasked,
		"expression d.t.j cannot be pushed down": 0,
	} {
		if got := ClassOf(&mysql.MySQLError{Number: 1815, Message: message}); got != is {
			t.Errorf("%q has the classes %b, want %b", message, got, is)
		}
	}
	if ClassOf(errors.New("1040")) != 0 || ClassOf(nil) != 0 || Number(nil) != 0 {
		t.Error("what is no server's error has a class")
	}
}

func TestConnectionLost(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for _, err := range []error{refused, driver.ErrBadConn, mysql.ErrInvalidConn, io.ErrUnexpectedEOF, fmt.Errorf("version: %w", io.EOF)} {
		if !ConnectionLost(err) {
			t.Errorf("%v: still there", err)
		}
	}
	for _, err := range []error{nil, context.Canceled, &mysql.MySQLError{Number: 1053}, errors.New("x")} {
		if ConnectionLost(err) {
			t.Errorf("%v: lost", err)
		}
	}
}

func TestQuoteName(t *testing.T) {
	for name, want := range map[string]string{"a": "`a`", "": "``", "a`b": "`a``b`", "`": "````"} {
		if got := QuoteName(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}
