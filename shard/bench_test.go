package shard

import (
	"database/sql"
	"testing"

	"github.com/kolide/databalancer/local/localtest"

	"github.com/kolide/databalancer/admission"
)

var benchRows = "SELECT n, '2020-01-01 00:00:00.123456', CONCAT('CMdzit1AMNsmfAIiQ', n), '192.168.10.31'," +
	" n % 65536, n * 1.5e0, n / 7, CONCAT('host', n, '.example.com') FROM " + numbers(5)

// BenchmarkRows reads 100,000 rows of eight columns an iteration.
func BenchmarkRows(b *testing.B) {
	f := newFixture(b, 1)
	b.Run("Conn", func(b *testing.B) {
		c := open(b, f.shard(b, "s0"))
		b.ReportAllocs()
		for b.Loop() {
			drain(b, c, benchRows)
		}
	})
	b.Run("database/sql", func(b *testing.B) {
		db := localtest.Open(b, f.addresses[0], f.database)
		b.ReportAllocs()
		for b.Loop() {
			drainSQL(b, db, benchRows)
		}
	})
}

// BenchmarkPoint is one short query an iteration, with taking and giving back
// its connection.
func BenchmarkPoint(b *testing.B) {
	f := newFixture(b, 1)
	sh := f.shard(b, "s0")
	exec(b, sh, "CREATE TABLE p (id BIGINT PRIMARY KEY, a LONGTEXT, b BIGINT)", "INSERT INTO p VALUES (1, 'a', 2)")
	b.Run("Conn", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			release, err := sh.Reserve(b.Context(), admission.Asker{}, 1)
			if err != nil {
				b.Fatal(err)
			}
			c, err := sh.Conn(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			drain(b, c, "SELECT * FROM p WHERE id = 1")
			c.Close()
			release()
		}
	})
	b.Run("database/sql", func(b *testing.B) {
		db := localtest.Open(b, f.addresses[0], f.database)
		b.ReportAllocs()
		for b.Loop() {
			drainSQL(b, db, "SELECT * FROM p WHERE id = 1")
		}
	})
}

func drain(b *testing.B, c *Conn, query string) {
	rows, err := c.Query(b.Context(), query)
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for rows.Next() {
		for _, v := range rows.Values() {
			n += len(v)
		}
	}
	if rows.Err() != nil || n == 0 {
		b.Fatal(n, rows.Err())
	}
}

func drainSQL(b *testing.B, db *sql.DB, query string) {
	rows, err := db.QueryContext(b.Context(), query)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	values := make([]sql.RawBytes, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	n := 0
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			b.Fatal(err)
		}
		for _, v := range values {
			n += len(v)
		}
	}
	if rows.Err() != nil || n == 0 {
		b.Fatal(n, rows.Err())
	}
}
