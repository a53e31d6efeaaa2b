package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/kolide/databalancer/test/tpch"
)

const (
	tpchScale = 0.1
	tpchSeed  = 1
)

// tpchQueries compares the queries of the TPC-H benchmark, with tables that
// are joined apart on the shards.
func tpchQueries(ctx context.Context, s *scattered) (*findings, error) {
	scale := tpchScale
	if s.quick {
		scale = 0.001
	}
	s.logf("loading TPC-H at scale %g", scale)
	data, where := tpch.New(scale, tpchSeed), tpch.Apart(len(shardNames))
	placed := ""
	for shard, name := range shardNames {
		tables := where.On(shard)
		placed += fmt.Sprintf(" %s on shard %s,", strings.Join(tables, ", "), name)
		err := s.place(ctx, shard, tables, func(ctx context.Context, db *sql.DB, tables []string) error {
			return data.Load(ctx, db, tables...)
		})
		if err != nil {
			return nil, err
		}
	}
	var queries []query
	for _, q := range tpch.Queries() {
		queries = append(queries, query{name: q.Name, title: q.Title, sql: q.SQL})
	}
	outcomes, err := s.compare(ctx, "tpch", queries)
	if err != nil {
		return nil, err
	}
	return s.judge(fmt.Sprintf("TPC-H at scale %g:%s.", scale, placed[:len(placed)-1]), outcomes), nil
}
