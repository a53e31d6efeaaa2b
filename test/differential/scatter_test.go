package differential

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/test/harness"
)

// clients is how many goroutines put queries to a scattering at a time.
const clients = 3

// scattering is the same data three times: over shards behind the service,
// whole behind the witness, and as the oracle sees the witness's.
type scattering struct {
	name    string
	service *service
	witness *service
	oracle  *oracle

	where  map[string][]string // the shards of each table
	shards string              // the database on them

	// shuffled is an oracle over the same rows in another order, in another
	// engine, without indexes. What it answers otherwise SQL leaves open, or the
	// server does, which may compare by the rules of an index.
	shuffled *oracle
}

// scatter spreads the data over n shards, as the seed has it, and returns when
// all of it can be asked for.
func scatter(t testing.TB, n int, seed, data uint64) *scattering {
	t.Helper()
	addresses := localtest.Servers(t, max(n, 1))
	s := &scattering{name: fmt.Sprintf("%d shards, seed %d", n, seed), where: map[string][]string{}}
	one := localtest.Database(t, addresses[0])
	s.shards = localtest.Database(t, addresses...)
	s.service = startService(t, addresses, s.shards)
	s.witness = startService(t, addresses[:1], one)
	s.oracle = openOracle(t, addresses[0], one, patience)

	var parts []*sql.DB
	for _, a := range addresses {
		parts = append(parts, openDatabase(t, a, s.shards))
	}
	whole := openDatabase(t, addresses[0], one)
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	s.register(t, r, parts, whole, data)
	s.ingest(t, r, parts, whole, data)
	s.shuffle(t, addresses[0], one, whole)
	return s
}

// register makes the registered tables, each on a random shard; the order has
// each shard get one before any gets a second.
func (s *scattering) register(t testing.TB, r source, parts []*sql.DB, whole *sql.DB, data uint64) {
	t.Helper()
	collations := collationsOf(t, whole)
	partialDates := !strings.Contains(localtest.Backend(t).QueryMode(), "NO_ZERO_IN_DATE")
	for i, at := range r.Perm(len(registered)) {
		table, shard := &registered[at], i
		if i >= len(parts) {
			shard = r.IntN(len(parts))
		}
		create, insert := table.create(collations), table.insert(data, partialDates)
		execute(t, parts[shard], create+" STATS_AUTO_RECALC=0", insert)
		if localtest.Backend(t).Gathers() {
			missize(t, r, parts[shard], table.name)
		}
		execute(t, whole, create, insert)
		s.service.Expect(200, "PUT", "/api/tables/"+table.name, map[string]string{"shard": harness.ShardName(shard)})
		s.witness.Expect(200, "PUT", "/api/tables/"+table.name, map[string]string{"shard": harness.ShardName(0)})
		s.where[table.name] = []string{harness.ShardName(shard)}
	}
}

// ingest stores the families in random order, so that they come to different
// shards, spreads those that are to be split, and copies what is stored.
func (s *scattering) ingest(t testing.TB, r source, parts []*sql.DB, whole *sql.DB, data uint64) {
	t.Helper()
	stored := 0
	for _, at := range r.Perm(len(families)) {
		table := &families[at]
		stored += table.rows
		table.put(t, s.witness, []json.RawMessage{})
		table.put(t, s.service, table.logs(data, 0, table.rows))
		if table.split && len(parts) > 1 {
			s.service.Expect(200, "PUT", "/api/families/"+table.name+"/spread", map[string]int{"shards": len(parts)})
		}
		placements := s.placements(t, table.name)
		deal(t, parts, table.name, placements)
		s.where[table.name] = placements
		s.collect(t, table.name, table.rows, parts, whole)
	}
	for i := range parts {
		s.where["raw_logs"] = append(s.where["raw_logs"], harness.ShardName(i))
	}
	deal(t, parts, "raw_logs", s.where["raw_logs"])
	s.collect(t, "raw_logs", stored, parts, whole)
}

const (
	// placementSpan is how far the ids of two placements are apart.
	placementSpan = 1 << 40
	// dealt is how far the ids of moved rows are above the others.
	dealt = 1000
)

// deal moves rows of a split table from one placement to the others, with ids
// as they would have got there: writers come to a new placement only after a
// while, for which tests need not wait.
func deal(t testing.TB, parts []*sql.DB, table string, shards []string) {
	t.Helper()
	at := func(placement int) *sql.DB { return parts[shards[placement][1]-'1'] } // s1 is the first
	for from := range shards {
		for to := range shards {
			if to == from {
				continue
			}
			chosen := fmt.Sprintf("id %% %d = %d AND id %% %d < %d", len(shards)+1, to, placementSpan, dealt)
			copyRows(t, at(from), at(to), table, chosen, int64(to-from)*placementSpan+int64(from+1)*dealt)
			execute(t, at(from), "DELETE FROM `"+table+"` WHERE "+chosen)
		}
	}
}

// placements are the shards of a family, in the order of its placements.
func (s *scattering) placements(t testing.TB, family string) []string {
	t.Helper()
	type described struct {
		Placements []struct {
			Shard  string
			Number int
		}
	}
	info := harness.Get[described](s.service.Server, "/api/families/"+family)
	var shards []string
	for i, p := range info.Placements {
		if p.Number != i {
			t.Fatalf("%s: placement %d has the number %d", family, i, p.Number)
		}
		shards = append(shards, p.Shard)
	}
	return shards
}

// collect copies what the shards have of a table to the whole. Of a split
// table each has a part.
func (s *scattering) collect(t testing.TB, name string, want int, parts []*sql.DB, whole *sql.DB) {
	t.Helper()
	sum := 0
	for i, part := range parts {
		if !slices.Contains(s.where[name], harness.ShardName(i)) {
			continue
		}
		n := copyRows(t, part, whole, name, "TRUE", 0)
		if n == 0 && want > 0 {
			t.Fatalf("%s: no rows on %s", name, harness.ShardName(i))
		}
		sum += n
	}
	if sum != want {
		t.Fatalf("%s: %d rows on the shards %v, want %d", name, sum, s.where[name], want)
	}
}

// missize makes a shard think that a table has another size than it has. Plans
// depend on sizes, answers must not.
func missize(t testing.TB, r source, shard *sql.DB, name string) {
	t.Helper()
	size := []struct{ rows, pages int }{{}, {3, 1}, {500, 10}, {20_000, 300}, {3_000_000, 4000}}[r.IntN(5)]
	if size.rows == 0 {
		return
	}
	execute(t, shard, fmt.Sprintf("UPDATE mysql.innodb_table_stats SET n_rows = %d, clustered_index_size = %d"+
		" WHERE database_name = DATABASE() AND table_name = '%s'", size.rows, size.pages, name),
		// For the server to read it:
		"RENAME TABLE `"+name+"` TO renamed", "RENAME TABLE renamed TO `"+name+"`")
}

// shuffle copies the whole for the shuffled oracle.
func (s *scattering) shuffle(t testing.TB, address, original string, whole *sql.DB) {
	t.Helper()
	database := localtest.Database(t, address)
	db := openDatabase(t, address, database)
	for name := range s.where {
		from := "`" + original + "`.`" + name + "`"
		columns := strings.Join(storedColumns(t, whole, name), ", ")
		execute(t, db,
			"CREATE TABLE `"+name+"` LIKE "+from,
			"ALTER TABLE `"+name+"` ENGINE=MyISAM"+dropKeys(t, whole, name),
			"INSERT INTO `"+name+"` ("+columns+") SELECT "+columns+" FROM "+from+" ORDER BY RAND(7)")
	}
	s.shuffled = openOracle(t, address, database, patience)
}

// dropKeys is what an ALTER TABLE is told so that a table has no index, and so no
// AUTO_INCREMENT. TiDB keeps its rows by the primary key.
func dropKeys(t testing.TB, db *sql.DB, table string) string {
	t.Helper()
	if !localtest.Backend(t).Gathers() {
		return ""
	}
	of := " WHERE table_schema = DATABASE() AND table_name = ?"
	return localtest.Value[string](t, db, "SELECT CONCAT("+
		"COALESCE((SELECT GROUP_CONCAT(', MODIFY `', column_name, '` ', column_type, ' NOT NULL' SEPARATOR '') FROM information_schema.columns"+of+" AND extra LIKE '%auto_increment%'), ''),"+
		"COALESCE((SELECT GROUP_CONCAT(DISTINCT ', DROP INDEX `', index_name, '`' SEPARATOR '') FROM information_schema.statistics"+of+"), ''))", table, table)
}

// String shows which table is where.
func (s *scattering) String() string {
	var parts []string
	for name, shards := range s.where {
		parts = append(parts, name+" on "+strings.Join(shards, "+"))
	}
	slices.Sort(parts)
	return s.name + ": " + strings.Join(parts, ", ")
}
