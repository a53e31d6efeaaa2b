package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/kolide/databalancer/local/localtest"
	"golang.org/x/sync/errgroup"
)

// splitFamily has its rows on two shards.
const splitFamily = "hits"

// splitTarget is what a GROUP BY over two shards may take of one server's
// time.
const splitTarget = 0.7

// splitGroups and splitOthers are asked of the split family; the target holds
// for the former.
var (
	splitGroups = []query{
		{"group-int", "GROUP BY a number, five aggregates", "SELECT code, COUNT(*) AS n, SUM(size) AS bytes, MIN(ms) AS least, MAX(ms) AS most, AVG(ms) AS middle FROM hits GROUP BY code ORDER BY code"},
		{"group-text", "GROUP BY a text of 200 values", "SELECT host, COUNT(*) AS n, SUM(size) AS bytes FROM hits GROUP BY host ORDER BY host"},
		{"group-day", "GROUP BY the day", "SELECT DATE(ts) AS day, COUNT(*) AS n, SUM(ms) AS ms FROM hits GROUP BY DATE(ts) ORDER BY day"},
		{"group-where", "GROUP BY of a tenth of the rows", "SELECT host, COUNT(*) AS n, MAX(ms) AS most FROM hits WHERE code = 404 GROUP BY host HAVING COUNT(*) > 1 ORDER BY n DESC, host LIMIT 20"},
	}
	splitOthers = []query{
		{"count", "COUNT(*) with a condition", "SELECT COUNT(*) AS n FROM hits WHERE ms > 2500 AND path LIKE '%7%'"},
		{"distinct", "COUNT(DISTINCT) of a text, a tenth of the rows", "SELECT DATE(ts) AS day, COUNT(DISTINCT visitor) AS n FROM hits WHERE code = 404 GROUP BY DATE(ts) ORDER BY day"},
		{"top", "the first rows", "SELECT id, ts, host, ms FROM hits ORDER BY ms DESC, id LIMIT 20"},
	}
)

// split compares queries of a family on two shards with those of the same
// rows on one server.
func split(ctx context.Context, s *scattered) (*findings, error) {
	rows := 2_000_000
	if s.quick {
		rows = 20_000
	}
	f := &findings{}
	err := s.loadSplit(ctx, rows)
	if e := new(failedError); errors.As(err, &e) {
		code, detail := e.problem()
		f.setting = s.setting("")
		f.measures = []measure{{what: "GROUP BY, time / time of one server", failed: code + ": " + detail, atMost: splitTarget}}
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	outcomes, err := s.compare(ctx, "split", slices.Concat(splitGroups, splitOthers))
	if err != nil {
		return nil, err
	}
	f = s.judge(fmt.Sprintf("A family of %d rows, half of them on each of two shards.", rows), outcomes)
	groups := filter(outcomes[:len(splitGroups)], (*outcome).answered)
	f.measures = append(f.measures[:2], summary("GROUP BY, time / time of one server", groups, (*outcome).ratio, splitTarget, splitTarget)...)
	return f, nil
}

// loadSplit makes the family, spreads it over two shards and fills each half
// there: rows that a program has stored would be distributed as it likes.
func (s *scattered) loadSplit(ctx context.Context, rows int) error {
	s.logf("loading %d hits", rows)
	placements, err := s.spreadFamily()
	if err != nil {
		return err
	}
	for number, name := range placements {
		shard := s.shards[slices.Index(shardNames, name)]
		if number == 0 {
			err = s.copyDefinition(ctx, shard, placements)
		}
		if err == nil {
			err = fillHalf(ctx, shard, s.oracle, number, rows/len(placements))
		}
		if err != nil {
			return fmt.Errorf("family %s on shard %s: %w", splitFamily, name, err)
		}
	}
	time.Sleep(sizeInterval + time.Second) // until the program knows how large they are
	return nil
}

// copyDefinition makes the family's table, as it is on a shard, on the one
// server and on SPIDER's.
func (s *scattered) copyDefinition(ctx context.Context, shard *sql.DB, placements []string) error {
	var table, ddl string
	if err := shard.QueryRowContext(ctx, "SHOW CREATE TABLE "+splitFamily).Scan(&table, &ddl); err != nil {
		return err
	}
	ddl = autoIncrement.ReplaceAllString(ddl, "")
	if _, err := s.oracle.ExecContext(ctx, ddl); err != nil || s.spider == nil {
		return err
	}
	return s.spider.linkSplit(ctx, ddl, splitFamily, placements)
}

// placementIDs is below all ids of a placement of that number.
func placementIDs(number int) int64 { return int64(number) << 40 }

var autoIncrement = regexp.MustCompile(` AUTO_INCREMENT=\d+`)

// fillHalf stores the rows of a placement, which are the same each time, on
// its shard and on the one server. The event that made the family goes.
func fillHalf(ctx context.Context, shard, oracle *sql.DB, number, rows int) error {
	insert := fmt.Sprintf(`INSERT INTO hits (id, ts, host, path, visitor, code, ms, size)
		SELECT %d + seq, '2025-01-01' + INTERVAL CRC32(CONCAT('ts', seq)) %% 2592000 SECOND, CONCAT('host-', CRC32(CONCAT('host', seq)) %% 200),
			CONCAT('/some/path/', CRC32(seq) %% 100000), CONCAT('visitor-', CRC32(CONCAT('v', seq)) %% 20000),
			ELT(1 + CRC32(CONCAT('code', seq)) %% 10, 200, 200, 200, 200, 200, 301, 304, 404, 403, 500),
			CRC32(CONCAT('ms', seq)) %% 3000, CRC32(CONCAT('size', seq)) %% 100000
		FROM %s`, placementIDs(number), localtest.Numbers(number*rows+1, (number+1)*rows)+" AS numbers")
	if _, err := shard.ExecContext(ctx, "DELETE FROM "+splitFamily); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, db := range []*sql.DB{shard, oracle} {
		group.Go(func() error {
			if _, err := db.ExecContext(ctx, insert); err != nil {
				return err
			}
			_, err := db.ExecContext(ctx, "ANALYZE TABLE "+splitFamily)
			return err
		})
	}
	return group.Wait()
}

// spreadFamily makes the family by an event and spreads it over two shards,
// whose names it returns in the order of the placements.
func (s *scattered) spreadFamily() ([]string, error) {
	event := `{"family":"hits","schema":{"ts":"timestamp","host":"string","path":"string","visitor":"string","code":"int","ms":"int","size":"int"},
		"logs":[{"ts":"2025-01-01T00:00:00Z","host":"h","path":"/","visitor":"v","code":200,"ms":1,"size":1}]}`
	if _, err := s.do("PUT", "/api/log", []byte(event)); err != nil {
		return nil, err
	}
	if _, err := s.do("PUT", "/api/families/"+splitFamily+"/spread", []byte(`{"shards":2}`)); err != nil {
		return nil, err
	}
	text, err := s.do("GET", "/api/families/"+splitFamily, nil)
	if err != nil {
		return nil, err
	}
	var is struct {
		Placements []struct {
			Shard  string
			Number int
		}
	}
	if err := json.Unmarshal(text, &is); err != nil {
		return nil, fmt.Errorf("family %s: %w", splitFamily, err)
	}
	if len(is.Placements) != 2 {
		return nil, fmt.Errorf("family %s: %d placements instead of 2", splitFamily, len(is.Placements))
	}
	names := make([]string, len(is.Placements))
	for _, p := range is.Placements {
		names[p.Number] = p.Shard
	}
	return names, nil
}
