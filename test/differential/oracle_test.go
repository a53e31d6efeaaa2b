package differential

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

// oracle is one server that holds everything, asked directly.
type oracle struct {
	db        *sql.DB
	limit     time.Duration // to an answer
	collation string        // of its sessions
}

// patience is how long the oracle may take for a query. The service may take
// longer.
const patience = 4 * time.Second

// openOracle connects to a database as a plain client of the server does, with
// its own collation and sql_mode less ONLY_FULL_GROUP_BY, but read-only, with
// room for GROUP_CONCAT, and a limit to the time of a statement.
func openOracle(t testing.TB, address, database string, patience time.Duration) *oracle {
	t.Helper()
	info := server.Parse(localtest.Value[string](t, localtest.Open(t, address, ""), "SELECT VERSION()"))
	bounds := []string{fmt.Sprintf("max_execution_time=%d", patience.Milliseconds())}
	if info.Vendor == server.MariaDB {
		bounds = []string{"tx_read_only=1", "max_statement_time=" + fmt.Sprint(patience.Seconds())}
	} else if info.ReadOnlySessions() {
		bounds = append(bounds, "transaction_read_only=1")
	}
	db := localtest.Open(t, address, database, append(bounds, "autocommit=1", "group_concat_max_len=1048576",
		"sql_mode=REPLACE(@@GLOBAL.sql_mode, 'ONLY_FULL_GROUP_BY,', '')")...)
	db.SetMaxIdleConns(clients)
	return &oracle{db, patience + 5*time.Second, localtest.Value[string](t, db, "SELECT @@collation_connection")}
}

// openDatabase connects for statements that make and fill tables. Zero dates
// and the like are let through.
func openDatabase(t testing.TB, address, database string) *sql.DB {
	t.Helper()
	return localtest.Open(t, address, database, "sql_mode=''")
}

// errLarge is for an answer of more rows than are compared.
var errLarge = errors.New("answer too large to compare")

// ask runs a query.
func (o *oracle) ask(q query) (*answer, error) {
	text, err := q.bound()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.limit)
	defer cancel()
	rows, err := o.db.QueryContext(ctx, text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	a := &answer{}
	for _, t := range types {
		kind, ok := wireKinds[strings.TrimPrefix(t.DatabaseTypeName(), "UNSIGNED ")]
		if !ok {
			return nil, fmt.Errorf("column %s is of the unknown type %s", t.Name(), t.DatabaseTypeName())
		}
		a.columns = append(a.columns, column{t.Name(), kind})
	}
	return a, a.fill(rows)
}

// wireKinds are the API's types by the driver's names. A bare NULL is a text.
var wireKinds = map[string]string{
	"TINYINT": "int", "SMALLINT": "int", "MEDIUMINT": "int", "INT": "int", "BIGINT": "int",
	"DECIMAL": "decimal", "FLOAT": "float", "DOUBLE": "float",
	"CHAR": "text", "VARCHAR": "text", "TINYTEXT": "text", "TEXT": "text", "MEDIUMTEXT": "text", "LONGTEXT": "text",
	"ENUM": "text", "SET": "text", "NULL": "text", "JSON": "json",
	"BINARY": "bytes", "VARBINARY": "bytes", "TINYBLOB": "bytes", "BLOB": "bytes", "MEDIUMBLOB": "bytes", "LONGBLOB": "bytes",
	"DATE": "date", "TIME": "time", "DATETIME": "timestamp", "TIMESTAMP": "timestamp", "YEAR": "year", "BIT": "bit",
}

func (a *answer) fill(rows *sql.Rows) error {
	values := make([]any, len(a.columns))
	targets := make([]any, len(a.columns))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		row := make([]cell, len(values))
		for i, v := range values {
			row[i] = cellOf(a.columns[i].kind, v)
		}
		if a.rows = append(a.rows, row); len(a.rows) > rowLimit {
			return errLarge
		}
	}
	return rows.Err()
}

// cellOf makes a cell of a value as the driver gives it.
func cellOf(kind string, v any) cell {
	switch v := v.(type) {
	case nil:
		return cell{null: true}
	case float32:
		return cell{text: formatFloat(float64(v), 32)}
	case float64:
		return cell{text: formatFloat(v, 64)}
	case int64:
		return cell{text: strconv.FormatInt(v, 10)} // a year, too
	case []byte:
		if kind == "bit" {
			n := uint64(0)
			for _, b := range v {
				n = n<<8 | uint64(b)
			}
			return cell{text: strconv.FormatUint(n, 10)}
		}
		return cell{text: printable(v)}
	default:
		return cell{text: fmt.Sprint(v)}
	}
}

// bound is the query's text with its arguments in the place of their
// placeholders. The list's queries have no question mark anywhere else.
func (q query) bound() (string, error) {
	pieces := strings.Split(q.sql, "?")
	if len(q.args) == 0 {
		return q.sql, nil
	}
	if len(pieces) != len(q.args)+1 {
		return "", fmt.Errorf("%d arguments for %d placeholders", len(q.args), len(pieces)-1)
	}
	var b strings.Builder
	for i, piece := range pieces {
		b.WriteString(piece)
		if i == len(q.args) {
			break
		}
		text, err := argument(q.args[i])
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// argument is the SQL literal that a JSON value stands for.
func argument(v json.RawMessage) (string, error) {
	if len(v) > 0 && v[0] == '"' {
		var s string
		if err := json.Unmarshal(v, &s); err != nil {
			return "", err
		}
		return quote(s), nil
	}
	return string(v), nil // numbers, true, false and null are SQL too
}

// quote makes a string literal.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(s) + "'"
}

// errorNumber is the number of a server's error, 0 for any other.
func errorNumber(err error) int {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return int(e.Number)
	}
	return 0
}
