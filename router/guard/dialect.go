package guard

// Dialect says where the servers read, or name, one text in different ways, and
// which texts they can run.
// The zero value reads as MariaDB does.
type Dialect struct {
	// TruthAsWritten: a column that is TRUE or FALSE is named by its text, with
	// its parentheses. Elsewhere its name is that word in upper case.
	TruthAsWritten bool
	// FirstString: a column of adjacent strings is named by the first of them.
	// Elsewhere it is by all.
	FirstString bool
	// CommentsName: what a column's text says in comments, behind it too, is part
	// of its name, less the "*/", and characters of four bytes stand there as
	// they are. Elsewhere only comments within it count, and these characters
	// become "?".
	CommentsName bool
	// KeepsBlanks: an alias of a column may begin with blanks. Elsewhere they are
	// not part of its name.
	KeepsBlanks bool
	// RowValues: the rows of a VALUES statement are written ROW (…), and its
	// columns are called column_0 and so on. Elsewhere they are written (…), and
	// named by the values of the first.
	RowValues bool
	// ExactWiths: names of WITH queries that differ in case alone are two.
	ExactWiths bool
	// LacksValues: there are no VALUES statements.
	LacksValues bool
	// ListsColumns: a list of columns may stand behind the alias of a derived table.
	ListsColumns bool
	// NoTies: FETCH … WITH TIES is not known. NoExamined: LIMIT ROWS EXAMINED is not.
	NoTies, NoExamined bool
	// DoubleNot: !! is one operator, so that !!0 is 1.
	DoubleNot bool
	// OpensOnce: a statement may name a temporary table only once.
	OpensOnce bool
	// LoopsJoins: rows that are joined without an index are compared one by one,
	// unless the statement asks for hashes.
	LoopsJoins bool
	// Unbounded: these aggregates, with blanks between them, keep in memory all that
	// they have met, however much that is.
	Unbounded string
	// LooksUpUnpadded: texts are looked up in a key with the blanks at their end
	// where the key's collation counts them, and the comparison's does not.
	LooksUpUnpadded bool
	// RoundsQuotients: a quotient of DECIMALs has just the digits that it shows,
	// where an average in an expression has more.
	RoundsQuotients bool
	// LimitForgetsCollation: a LIMIT may change the order of rows that are sorted
	// by an expression with COLLATE.
	LimitForgetsCollation bool
}

// Parse turns a client's text into a statement that is safe to restore and
// run, as the servers of the zero dialect read it. The error is a
// [*fault.Error].
func Parse(sql string, args []any, lim Limits) (*Statement, error) {
	return Dialect{}.Parse(sql, args, lim)
}
