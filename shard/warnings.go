package shard

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
)

// maxWarnings is how many warnings of a statement Rows.Warnings returns.
const maxWarnings = 64

// Warning is what a server says of a statement that it has answered.
type Warning struct {
	Level   string // Warning, Note or Error
	Number  uint16
	Message string // without names of ours
}

// CutError means that a server did not give the whole answer: a limit of its
// own cut it.
type CutError struct {
	Shard  string
	Number uint16 // of the server's warning or error; 0: there is none
	Reason string // the server's
}

func (e *CutError) Error() string {
	return fmt.Sprintf("shard %s: %s", e.Shard, e.Detail())
}

func (e *CutError) Code() fault.Code { return fault.AnswerCut }

func (e *CutError) Detail() string {
	return "a limit of the server would cut the answer: " + e.Reason
}

func (e *CutError) Facts() fault.Facts { return fault.Facts{Shard: e.Shard, Number: e.Number} }

// Warnings returns the first warnings of a statement whose rows have been read
// to their end, where the server has any: only then it asks for them, in a
// statement that begins with tag. If one of them says that the answer is not
// whole, it returns a *CutError instead; so it does where the server has more
// warnings than it keeps, and the statement calls what may be cut. Otherwise
// errors are as with Query. Of rows that were not read to their end it knows
// nothing.
func (r *Rows) Warnings(ctx context.Context, tag string) ([]Warning, error) {
	if r.ok.warnings == 0 || r.err != nil {
		return nil, nil
	}
	list, err := r.conn.Query(ctx, tag+" SHOW WARNINGS")
	if err != nil {
		return nil, err
	}
	defer list.Close()
	var (
		warnings []Warning
		cut      *CutError
		kept     int
	)
	for ; list.Next(); kept++ {
		w, err := r.warning(list.Values())
		switch {
		case err != nil:
			return nil, r.conn.shard.end(err)
		case cut == nil && server.Classify(w.Number, w.Message).Has(server.Cut):
			cut = &CutError{Shard: r.Shard(), Number: w.Number, Reason: w.Message}
		case len(warnings) < maxWarnings && w.Number != server.Rewritten:
			warnings = append(warnings, w)
		}
	}
	if cut == nil && kept < int(r.ok.warnings) && mayBeCut.MatchString(r.statement) {
		cut = &CutError{Shard: r.Shard(), Reason: fmt.Sprintf("of %d warnings it has kept %d, which leaves open whether a text was cut", r.ok.warnings, kept)}
	}
	switch {
	case list.Err() != nil:
		return nil, list.Err()
	case cut != nil:
		return nil, cut
	}
	return warnings, nil
}

// mayBeCut finds what servers cut short, of little that was given, with no more
// than a warning.
var mayBeCut = regexp.MustCompile(`\b(GROUP_CONCAT|JSON_ARRAYAGG|RECURSIVE|REPEAT|SPACE|LPAD|RPAD|EXPORT_SET)\b`)

// warning reads a row of SHOW WARNINGS: level, number, message.
func (r *Rows) warning(values [][]byte) (Warning, error) {
	if len(values) != 3 {
		return Warning{}, errMalformed
	}
	number, err := strconv.ParseUint(string(values[1]), 10, 16)
	if err != nil {
		return Warning{}, fmt.Errorf("number of a warning: %w", err)
	}
	return Warning{Level: string(values[0]), Number: uint16(number), Message: r.conn.shard.anonymous(string(values[2]))}, nil
}

var ownNames = regexp.MustCompile("`?\\b(?i:databalancer)_\\w*`?")

// anonymous is a message without the names that only we know: of our database,
// and of the tables and columns that we make for the time of a query.
func (sh *Shard) anonymous(message string) string {
	for _, database := range []string{"`" + sh.cfg.Database + "`.", sh.cfg.Database + "."} {
		message = strings.ReplaceAll(message, database, "")
	}
	return ownNames.ReplaceAllString(message, "…")
}
