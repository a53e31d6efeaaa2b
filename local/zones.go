package local

import (
	"fmt"
	"io/fs"
	"math"
	"strings"
	"time"
)

// zoneFolder is where systems keep their time zones.
const zoneFolder = "/usr/share/zoneinfo"

// zoneStatements returns the statements that fill the tables of time zones,
// which MariaDB and MySQL share, from a folder of compiled zones (RFC 9636).
// They say what mariadb-tzinfo-to-sql and mysql_tzinfo_to_sql would, which a
// machine may lack: the changes that fit into 32 bits of seconds, to 2038.
// Without zones it is empty. A line is shorter than the 20,000 bytes of which a
// server's installation takes statements.
func zoneStatements(folder fs.FS) string {
	var b zoneTables
	ids := map[string]int{} // by what the zone's file says: many zones have several names
	// What can't be read is no zone.
	_ = fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case entry.IsDir():
			if name == "posix" || name == "right" { // the same zones, without and with leap seconds
				return fs.SkipDir
			}
			return nil
		}
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil
		}
		zone, err := time.LoadLocationFromTZData(name, data)
		if err != nil {
			return nil
		}
		id, known := ids[string(data)]
		if !known {
			id = len(ids) + 1
			ids[string(data)] = id
			b.add(id, zone)
		}
		b.names.row("('%s',%d)", name, id)
		return nil
	})
	return b.zones.text("time_zone (Time_zone_id,Use_leap_seconds)") + b.names.text("time_zone_name (Name,Time_zone_id)") +
		b.types.text("time_zone_transition_type (Time_zone_id,Transition_type_id,`Offset`,Is_DST,Abbreviation)") +
		b.changes.text("time_zone_transition (Time_zone_id,Transition_time,Transition_type_id)")
}

// zoneTables are the rows for the four tables.
type zoneTables struct{ zones, names, types, changes zoneRows }

// add adds the rows of one zone.
func (b *zoneTables) add(id int, zone *time.Location) {
	b.zones.row("(%d,'N')", id)
	types := map[string]int{} // what is in force between two changes, in the order of its first time
	for at := time.Unix(math.MinInt32, 0).In(zone); ; {
		abbreviation, offset := at.Zone()
		isDST := 0
		if at.IsDST() {
			isDST = 1
		}
		kind := fmt.Sprintf("%d,%d,'%s')", offset, isDST, abbreviation)
		number, known := types[kind]
		if !known {
			number = len(types)
			types[kind] = number
			b.types.row("(%d,%d,%s", id, number, kind)
		}
		b.changes.row("(%d,%d,%d)", id, at.Unix(), number)
		_, end := at.ZoneBounds()
		if end.IsZero() || end.Unix() > math.MaxInt32 {
			return
		}
		at = end
	}
}

// zoneRows are the rows for one table, some hundreds in a statement.
type zoneRows []string

func (r *zoneRows) row(format string, args ...any) {
	*r = append(*r, fmt.Sprintf(format, args...))
}

func (r zoneRows) text(table string) string {
	const most = 300 // of at most 45 bytes each
	var b strings.Builder
	for ; len(r) > 0; r = r[min(most, len(r)):] {
		fmt.Fprintf(&b, "INSERT INTO mysql.%s VALUES %s;\n", table, strings.Join(r[:min(most, len(r))], ","))
	}
	return b.String()
}
