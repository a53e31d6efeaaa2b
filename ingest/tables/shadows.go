package tables

import (
	"context"
	"fmt"
	"strconv"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// shadowType is the type of a shadow's column: a text's has its table's
// collation, so that it compares as the text does, and a bucket's the digits of
// the timestamp, so that what is made of it has the same type.
func shadowType(s catalog.Shadow) string {
	if s.Bucket == "" {
		return "VARCHAR(" + strconv.Itoa(catalog.MaxShadowText) + ")"
	}
	return types[catalog.Timestamp]
}

// shadowValue spells what a shadow holds. A text that is longer than its
// shadow gets one character more than it has: without it, servers would cut
// blanks off its end where they refuse all else.
//
// On the days on which UNIX_TIMESTAMP begins or ends on some server, a bucket
// is the time itself: in one hour there are times that it knows, and others
// (MySQL manual, "UNIX_TIMESTAMP"; MariaDB 11.5 goes to 2106).
func shadowValue(s catalog.Shadow) string {
	c := server.QuoteName(s.Column)
	if s.Bucket == "" {
		return "IF(CHAR_LENGTH(" + c + ") <= " + strconv.Itoa(catalog.MaxShadowText) + ", " + c + ", CONCAT(" + c + ", '.'))"
	}
	value := "DATE(" + c + ")"
	if s.Bucket != catalog.Day {
		value = "DATE_ADD(" + value + ", INTERVAL HOUR(" + c + ") HOUR)"
	}
	if s.Bucket == catalog.Minute {
		value = "DATE_ADD(" + value + ", INTERVAL MINUTE(" + c + ") MINUTE)"
	}
	return "IF(DATE(" + c + ") IN ('1970-01-01', '2038-01-19', '2106-02-07', '3001-01-19'), " + c + ", " + value + ")"
}

func (d dialect) addShadow(t *catalog.Table, s catalog.Shadow) string {
	definition := server.QuoteName(s.Name()) + " " + shadowType(s) + " GENERATED ALWAYS AS (" + shadowValue(s) + ") VIRTUAL"
	if d.Invisible() {
		definition += " INVISIBLE"
	}
	return "ALTER TABLE " + server.QuoteName(t.Name) + " ADD COLUMN " + definition + d.Online()
}

func shadowIndexName(s catalog.Shadow) string { return "sx_" + s.Name()[1:] }

// addShadowIndex spells the index of a shadow. That of a bucket has the time
// too, as counts are mostly of a range of times.
func (d dialect) addShadowIndex(t *catalog.Table, s catalog.Shadow) string {
	columns := server.QuoteName(s.Name())
	if s.Bucket != "" {
		columns += ", " + server.QuoteName(s.Column)
	}
	return "ALTER TABLE " + server.QuoteName(t.Name) + " ADD INDEX " + server.QuoteName(shadowIndexName(s)) +
		" (" + columns + ")" + d.Online()
}

// dropShadow spells the statements that drop a shadow, of which the table has
// the index, or not. The first one leaves no column of its name: whoever still
// reads it gets an error from then on, and only then are longer values taken.
// The servers of a TiDB may be one step of a statement apart, and a column is
// dropped in several: it is given another name first.
func (d dialect) dropShadow(t *catalog.Table, s catalog.Shadow, indexed bool, name string) []string {
	table := "ALTER TABLE " + server.QuoteName(t.Name)
	var statements []string
	if d.DropsInSteps() && name == s.Name() {
		statements = append(statements, table+" RENAME COLUMN "+server.QuoteName(name)+" TO "+server.QuoteName(s.DroppedName()))
		name = s.DroppedName()
	}
	drop := table
	if indexed {
		drop += " DROP INDEX " + server.QuoteName(shadowIndexName(s)) + ","
	}
	return append(statements, drop+" DROP COLUMN "+server.QuoteName(name)+d.Online())
}

// selectUnfit finds a text that is longer than its shadow.
func selectUnfit(t *catalog.Table, s catalog.Shadow) string {
	return "SELECT 1 FROM " + server.QuoteName(t.Name) + " WHERE CHAR_LENGTH(" + server.QuoteName(s.Column) + ") > " +
		strconv.Itoa(catalog.MaxShadowText) + " LIMIT 1"
}

// AddShadow makes the shadow, unless the table has it, and checks that it has
// all values.
func (fs *Families) AddShadow(ctx context.Context, name string, t *catalog.Table, sh catalog.Shadow) error {
	return fs.on(ctx, name, func(s *session) error {
		if err := s.own(ctx, t); err != nil {
			return err
		}
		return s.addShadow(ctx, t, sh)
	})
}

// DropShadow drops the shadow, if the table is the family's and has it.
func (fs *Families) DropShadow(ctx context.Context, name string, t *catalog.Table, sh catalog.Shadow) error {
	return fs.on(ctx, name, func(s *session) error {
		life, err := s.life(ctx, t.Name)
		if err != nil || life != lifeComment(t.ID) {
			return err
		}
		now, indexed, err := s.shadow(ctx, t, sh)
		if err != nil {
			return err
		}
		for _, column := range []string{sh.Name(), sh.DroppedName()} {
			if now.has(column) {
				return s.exec(ctx, s.dialect.dropShadow(t, sh, indexed, column)...)
			}
		}
		return nil
	})
}

// shadow returns the table's columns, and whether it has the shadow's index.
func (s *session) shadow(ctx context.Context, t *catalog.Table, sh catalog.Shadow) (now existing, indexed bool, err error) {
	if now, err = pairs(ctx, s.conn, selectColumns, t.Name); err != nil {
		return nil, false, err
	}
	indexed, err = s.hasIndexNamed(ctx, t, shadowIndexName(sh))
	return now, indexed, err
}

// addShadow makes what the table lacks of a shadow. The check comes last: by
// then the server refuses values that don't fit, and the transactions that
// stored some before have ended.
func (s *session) addShadow(ctx context.Context, t *catalog.Table, sh catalog.Shadow) error {
	now, indexed, err := s.shadow(ctx, t, sh)
	if err != nil {
		return err
	}
	var missing []string
	if !now.has(sh.Name()) {
		missing = append(missing, s.dialect.addShadow(t, sh))
	}
	if !indexed {
		missing = append(missing, s.dialect.addShadowIndex(t, sh))
	}
	if err := s.exec(ctx, missing...); err != nil {
		if server.ClassOf(err).Has(server.NoIndex | server.Refused | server.TooBig) {
			err = fmt.Errorf("%w: %w", catalog.ErrIndexRefused, shard.Wrap(s.shard, err))
		}
		return err
	}
	if sh.Bucket != "" {
		return nil
	}
	unfit, err := s.strings(ctx, selectUnfit(t, sh))
	if err == nil && len(unfit) > 0 {
		err = fmt.Errorf("%w: a value of %s has more than %d characters", catalog.ErrIndexRefused, sh.Column, catalog.MaxShadowText)
	}
	return err
}
