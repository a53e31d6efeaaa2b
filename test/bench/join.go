package main

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"strings"

	"github.com/kolide/databalancer/local/localtest"
)

// join compares joins and the like of tables that are each on another shard.
func join(ctx context.Context, s *scattered) (*findings, error) {
	if err := s.loadJoins(ctx); err != nil {
		return nil, err
	}
	outcomes, err := s.compare(ctx, "join", joinQueries())
	if err != nil {
		return nil, err
	}
	return s.judge(s.joins.String(), outcomes), nil
}

//go:embed join.sql
var joinText string

// joinQueries returns the queries of the text, which end with semicolons and
// begin with a comment: name, colon, title.
func joinQueries() []query {
	var queries []query
	for text := range strings.SplitSeq(joinText, ";\n") {
		head, sql, found := strings.Cut(strings.TrimSpace(text), "\n")
		if name, title, ok := strings.Cut(strings.TrimPrefix(head, "-- "), ": "); found && ok {
			queries = append(queries, query{name: name, title: title, sql: sql})
		}
	}
	return queries
}

// joinSizes are the tables' numbers of rows.
type joinSizes struct{ sales, clients, products, visits, agents int }

func (j joinSizes) String() string {
	return fmt.Sprintf("%d sales on shard a, %d clients and %d visits on b, %d products and %d agents on c; visits and agents have text keys, with an index on their first 64 characters.",
		j.sales, j.clients, j.visits, j.products, j.agents)
}

// loadJoins makes the tables, unless they are there.
func (s *scattered) loadJoins(ctx context.Context) error {
	if s.joins != (joinSizes{}) {
		return nil
	}
	j := joinSizes{sales: 1_000_000, clients: 50_000, products: 100_000, visits: 200_000, agents: 20_000}
	if s.quick {
		j = joinSizes{sales: 20_000, clients: 1_000, products: 2_000, visits: 4_000, agents: 400}
	}
	s.logf("loading %d sales, %d clients, %d products", j.sales, j.clients, j.products)
	for shard, tables := range [][]string{{"sales", "few_left"}, {"clients", "visits", "few_right"}, {"products", "agents"}} {
		err := s.place(ctx, shard, tables, func(ctx context.Context, db *sql.DB, tables []string) error {
			for _, table := range tables {
				if err := j.load(ctx, db, table); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	s.joins = j
	return nil
}

// load makes a table. Its rows are made by the server, of their numbers
// alone: the same on each.
func (j joinSizes) load(ctx context.Context, db *sql.DB, table string) error {
	t := map[string]struct {
		columns string
		keys    string // added when the rows are there, which takes less time
		rows    int
		values  string // of seq, the row's number
	}{
		"sales": {`id INT NOT NULL PRIMARY KEY, client INT NOT NULL, product INT NOT NULL, quantity INT NOT NULL, amount DECIMAL(10,2) NOT NULL,
			state VARCHAR(10) NOT NULL, day DATE NOT NULL, note VARCHAR(80)`, "KEY client (client), ADD KEY product (product)", j.sales,
			fmt.Sprintf(`seq, 1 + CRC32(CONCAT('client', seq)) %% %d, 1 + CRC32(CONCAT('product', seq)) %% %d, 1 + seq %% 20, CRC32(CONCAT('amount', seq)) %% 100000 / 100,
			ELT(1 + CRC32(CONCAT('state', seq)) %% 10, 'open', 'open', 'returned', 'paid', 'paid', 'paid', 'paid', 'paid', 'paid', 'paid'),
			'2025-01-01' + INTERVAL CRC32(CONCAT('day', seq)) %% 365 DAY, IF(seq %% 5 = 0, NULL, CONCAT('note of the sale number ', seq))`, j.clients, j.products)},
		"clients": {`id INT NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL, country CHAR(2) NOT NULL, segment VARCHAR(12) NOT NULL, credit DECIMAL(10,2), remark VARCHAR(120)`, "", j.clients,
			`seq, CONCAT('client ', seq), ELT(1 + CRC32(CONCAT('country', seq)) % 12, 'AT', 'BE', 'CH', 'DE', 'DK', 'ES', 'FR', 'IT', 'NL', 'PL', 'SE', 'UK'),
			ELT(1 + seq % 4, 'retail', 'public', 'industry', 'wholesale'), IF(seq % 9 = 0, NULL, CRC32(CONCAT('credit', seq)) % 700000 / 100), REPEAT('remark ', 1 + seq % 15)`},
		"products": {`id INT NOT NULL PRIMARY KEY, title VARCHAR(80) NOT NULL, category VARCHAR(20) NOT NULL, price DECIMAL(10,2) NOT NULL, description VARCHAR(200)`, "", j.products,
			`seq, CONCAT('product ', seq), CONCAT('category ', CRC32(CONCAT('category', seq)) % 30), CRC32(CONCAT('price', seq)) % 50000 / 100, REPEAT('words ', 10 + seq % 20)`},
		"visits": {`id BIGINT NOT NULL PRIMARY KEY, uid LONGTEXT, path LONGTEXT, ms BIGINT`, "KEY uid (uid(64))", j.visits,
			fmt.Sprintf(`seq, CONCAT('C', LEFT(SHA2(CRC32(CONCAT('uid', seq)) %% %d, 256), 17)), CONCAT('/path/', seq %% 1000), CRC32(seq) %% 5000`, j.agents*5/4)},
		"agents": {`id BIGINT NOT NULL PRIMARY KEY, uid LONGTEXT, platform LONGTEXT, version BIGINT`, "KEY uid (uid(64))", j.agents,
			`seq, CONCAT('C', LEFT(SHA2(seq - 1, 256), 17)), CONCAT('platform ', seq % 8), seq % 40`},
		"few_left":  {`id INT NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL`, "", 10, `seq, CONCAT('left ', seq)`},
		"few_right": {`id INT NOT NULL PRIMARY KEY, size INT NOT NULL`, "", 10, `seq, seq * seq`},
	}[table]
	statements := []string{
		fmt.Sprintf("CREATE TABLE %s (%s)", table, t.columns),
		fmt.Sprintf("INSERT INTO %s SELECT %s FROM %s", table, t.values, localtest.Numbers(1, t.rows)+" AS numbers"),
	}
	if t.keys != "" {
		statements = append(statements, fmt.Sprintf("ALTER TABLE %s ADD %s", table, t.keys))
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("table %s: %w", table, err)
		}
	}
	return nil
}
