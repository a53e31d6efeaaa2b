package server

// NamesTruthAsWritten reports whether a column that is TRUE or FALSE is named by
// its text, such as "(true)". Others name it TRUE or FALSE.
func (s Info) NamesTruthAsWritten() bool { return s.Vendor == MySQL }

// NamesFirstString reports whether a column of adjacent strings, such as 'a' 'b',
// is named by the first of them. MariaDB names it by all.
func (s Info) NamesFirstString() bool { return s.Vendor != MariaDB }

// NamesWithComments reports whether the name of a column includes the comments
// behind its text, and lacks the "*/" of all of them, while characters of four
// bytes stay what they are: TiDB takes what its parser has between two columns.
func (s Info) NamesWithComments() bool { return s.Vendor == TiDB }

// KeepsBlanks reports whether the name of a column keeps the blanks that its
// alias begins with. Others remove them, and warn.
func (s Info) KeepsBlanks() bool { return s.Vendor == TiDB }

// RowValues reports whether the rows of a VALUES statement are written ROW (…),
// and its columns called column_0 and so on. MariaDB writes (…), and names them
// by the values of the first row.
func (s Info) RowValues() bool { return s.Vendor == MySQL }

// ExactWiths reports whether names of WITH queries that differ in case alone are
// two, as names of tables are on systems that tell those apart.
func (s Info) ExactWiths() bool { return s.Vendor == MySQL }

// LacksValues reports whether there is no VALUES statement.
func (s Info) LacksValues() bool { return s.Vendor == TiDB }

// ListsColumns reports whether a list of columns may stand behind the alias of a
// derived table.
func (s Info) ListsColumns() bool { return s.Vendor == MySQL }

// EndsWithTies reports whether FETCH FIRST n ROWS WITH TIES is known.
func (s Info) EndsWithTies() bool { return s.Vendor == MariaDB && s.atLeast(10, 6, 0) }

// LimitsExamined reports whether LIMIT ROWS EXAMINED n is known.
func (s Info) LimitsExamined() bool { return s.Vendor == MariaDB }

// JoinsNots reports whether !! is one operator of its own, which negates once:
// !!0 is 1. It is two of them elsewhere.
func (s Info) JoinsNots() bool { return s.Vendor == MySQL }

// RoundsQuotients reports whether a quotient of DECIMALs is rounded to the
// digits that it shows before anything is computed from it, which an average
// is not: of 57 numbers that add up to 136, AVG(x) * 3 is 7.1579 in MySQL 9.7,
// and SUM(x) / COUNT(x) * 3 is 7.1580. In MariaDB the two are the same.
func (s Info) RoundsQuotients() bool { return s.Vendor == MySQL }

// LooksUpUnpadded reports whether a text is looked up in a key with the blanks at
// its end where the key's collation counts them (NO PAD), though the collation
// that compares does not: MySQL finds fewer rows then (9.7.4).
func (s Info) LooksUpUnpadded() bool { return s.Vendor == MySQL }

// LimitForgetsCollation reports whether a statement with a LIMIT sorts by the
// collation of an expression's own instead of the one that a COLLATE gives it:
// in ORDER BY CONCAT(a, 'x') COLLATE utf8mb4_unicode_ci LIMIT 9 (TiDB 8.5.6).
func (s Info) LimitForgetsCollation() bool { return s.Vendor == TiDB }
