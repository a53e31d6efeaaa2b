package shard

import "testing"

func TestDivide(t *testing.T) {
	most := Share{Control: 2, Catalog: 16, Write: 16, Query: 32}
	for _, tt := range []struct {
		limits    Limits
		processes int
		catalog   bool
		want      Share
	}{
		{Limits{}, 3, true, Share{2, 16, 16, 32}},
		{Limits{}, 3, false, Share{2, 0, 16, 32}},
		{Limits{Server: 151}, 1, true, Share{2, 16, 16, 32}},
		{Limits{Server: 151}, 3, true, Share{2, 5, 16, 22}},
		{Limits{Server: 151}, 10, true, Share{2, 1, 5, 5}},
		{Limits{Server: 151}, 100, true, Share{1, 1, 1, 1}},
		{Limits{Server: 12}, 1, true, Share{1, 1, 4, 4}},
		{Limits{Server: 14}, 1, true, Share{2, 1, 4, 5}},
		{Limits{Server: 12}, 2, true, Share{1, 1, 2, 1}},
		{Limits{Server: 12}, 2, false, Share{1, 0, 2, 2}},
		{Limits{Server: 12}, 3, false, Share{1, 0, 1, 1}},
		{Limits{Server: 1}, 9, true, Share{1, 1, 1, 1}},
		{Limits{Server: 1000, Account: 20}, 2, false, Share{1, 0, 4, 5}},
		{Limits{Account: 20}, 1, false, Share{2, 0, 9, 9}},
		{Limits{Server: 80}, 1, false, Share{2, 0, 16, 32}},
		{Limits{Server: 50}, 1, false, Share{2, 0, 16, 27}},
	} {
		if got := divide(tt.limits.Each(tt.processes), tt.catalog, most); got != tt.want {
			t.Errorf("%+v, %d processes, catalog %t: %+v, want %+v", tt.limits, tt.processes, tt.catalog, got, tt.want)
		}
	}
	few := Share{Control: 2, Catalog: 16, Write: 16, Query: 3}
	if got := divide(14, false, few); got != (Share{2, 0, 9, 3}) {
		t.Errorf("what queries have no use for: %+v", got)
	}
}

// TestDivideByAccounts bounds each account's connections by its own limit.
func TestDivideByAccounts(t *testing.T) {
	s := sharing{processes: 2, reader: Limits{Server: 100, Account: 8}, writer: Limits{Server: 100, Account: 6}}
	if got := s.divide(false, Share{2, 16, 16, 32}); got != (Share{2, 0, 3, 2}) {
		t.Errorf("%+v", got)
	}
}

// TestPoolsAreResized follows the number of processes, and what the server
// allows.
func TestPoolsAreResized(t *testing.T) {
	f := newFixture(t, 1)
	f.Check(t.Context())
	sh := f.shard(t, "s0")
	limits, err := ReadLimits(t.Context(), sh.control, *sh.server.Load())
	if err != nil {
		t.Fatal(err)
	}
	if limits.Server == 0 { // TiDB's default
		limits.Server = 500
		sh.sharing.reader = limits
	}
	var held []*Conn
	for range 10 {
		held = append(held, open(t, sh))
	}
	for _, c := range held {
		c.Close()
	}
	each := func(n int) { f.Divide((limits.Server-(limits.Server+9)/10)/n, "") } // n connections a process
	for _, tt := range []struct {
		conns int
		want  Share
	}{{5, Share{1, 0, 2, 2}}, {20, Share{2, 0, 9, 9}}, {3, Share{1, 0, 1, 1}}} {
		each(tt.conns)
		stats := sh.Stats()
		if got := sh.Share(); got != tt.want || stats.Query.Max != tt.want.Query || stats.Write.Max != tt.want.Write {
			t.Errorf("%d connections: %+v, %+v", tt.conns, got, stats)
		}
		if stats.Query.Idle > tt.want.Query {
			t.Errorf("%d connections: %d idle", tt.conns, stats.Query.Idle)
		}
	}
	f.Divide(1, "s0")
	if got := sh.Share(); got.Query != DefaultQueryConns || got.Catalog == 0 {
		t.Errorf("alone: %+v", got)
	}
}
