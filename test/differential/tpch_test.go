package differential

import (
	"fmt"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/test/harness"
	"github.com/kolide/databalancer/test/tpch"
)

// tpchScale is the smallest at which all 22 queries have rows.
const tpchScale = 0.01

// TestTPCH puts the queries of TPC-H to its tables on three shards, with those
// that are joined most on different ones, or on one where rows are not gathered.
// None may be refused.
func TestTPCH(t *testing.T) {
	shards := 1
	if localtest.Backend(t).Gathers() {
		shards = 3
	}
	addresses := localtest.Servers(t, shards)
	data := tpch.New(tpchScale, 1)
	one := localtest.Database(t, addresses[0])
	witness := startService(t, addresses[:1], one)
	load(t, data, witness, addresses[:1], one, tpch.Apart(1))
	oracle := openOracle(t, addresses[0], one, time.Minute)
	sum := newTally()
	spread := tpch.Apart(shards)
	s := &scattering{name: fmt.Sprint(spread), service: witness, witness: witness, oracle: oracle, shards: one}
	if shards > 1 {
		s.shards = localtest.Database(t, addresses...)
		s.service = startService(t, addresses, s.shards)
		load(t, data, s.service, addresses, s.shards, spread)
	}
	s.runTPCH(t, sum)
	t.Logf("\n%s", sum)
}

// load puts each table on its shard.
func load(t *testing.T, data *tpch.Data, s *service, addresses []string, database string, spread tpch.Scattering) {
	t.Helper()
	for i, address := range addresses {
		if err := data.Load(t.Context(), openDatabase(t, address, database), spread.On(i)...); err != nil {
			t.Fatal(err)
		}
		for _, table := range spread.On(i) {
			s.Expect(200, "PUT", "/api/tables/"+table, map[string]string{"shard": harness.ShardName(i)})
		}
	}
}

func (s *scattering) runTPCH(t *testing.T, sum *tally) {
	for _, q := range tpch.Queries() {
		r := &rules{}
		if ordered(q.SQL) {
			r.order = total // the data has no ties
		}
		v := s.judge(query{sql: q.SQL}, r)
		sum.add("tpch", v, q.Name, q.SQL)
		switch {
		case v.class != identical:
			t.Errorf("%s: %s %s: %s %s\n%s\n%s", s.name, q.Name, q.Title, v.class, v.reason, v.detail, s.service.explain(query{sql: q.SQL}))
		case v.rows == 0:
			t.Errorf("%s has no rows: it shows nothing", q.Name)
		}
	}
}
