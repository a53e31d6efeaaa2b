package shard

import (
	"context"
	"strconv"

	"github.com/kolide/databalancer/server"
)

const (
	// manyPairs is how many pairs of rows a server may compare one by one before
	// their hashes are better: some 60 ms.
	manyPairs = 1_000_000
	// hashBuffer is the memory of one hash join, in bytes.
	hashBuffer = 4 << 20
)

// Joined returns a SELECT as the server joins it best, for one that would be
// answered alike if it were joined by hash: it is asked to do so where its own
// plan compares very many rows one by one. A statement that can't be explained is
// returned as it is: it says itself why. tag begins what is asked.
func (c *Conn) Joined(ctx context.Context, tag, statement string) (string, error) {
	info := c.Server()
	if !info.LoopsJoins() {
		return statement, nil
	}
	rows, err := c.Query(ctx, tag+" EXPLAIN "+statement)
	if err != nil {
		if server.Number(err) != 0 && !c.broken {
			return statement, nil
		}
		return "", err
	}
	defer rows.Close()
	pairs := mostPairs(rows)
	if err := rows.Err(); err != nil {
		return "", err
	}
	if pairs < manyPairs {
		return statement, nil
	}
	return info.Hashed(statement, hashBuffer), nil
}

// mostPairs returns how many rows the plan compares one by one, by its estimates.
func mostPairs(rows *Rows) (most float64) {
	block, before := "", 1.0
	for rows.Next() { // id, select_type, table, type, possible_keys, key, key_len, ref, rows, Extra
		values := rows.Values()
		if len(values) < 10 {
			continue
		}
		if id := string(values[0]); id != block {
			block, before = id, 1
		}
		n, err := strconv.ParseFloat(string(values[8]), 64)
		if err != nil {
			n = 1
		}
		before *= max(n, 1)
		if server.Loops(string(values[9])) {
			most = max(most, before)
		}
	}
	return most
}
