package server

// NamesTruthAsWritten reports whether a column that is TRUE or FALSE is named by
// its text, such as "(true)". Others name it TRUE or FALSE.
func (s Info) NamesTruthAsWritten() bool { return s.Vendor == MySQL }

// NamesFirstString reports whether a column of adjacent strings, such as 'a' 'b',
// is named by the first of them. MariaDB names it by all.
func (s Info) NamesFirstString() bool { return s.Vendor != MariaDB }

// JoinsNots reports whether !! is one operator of its own, which negates once:
// !!0 is 1. It is two of them elsewhere.
func (s Info) JoinsNots() bool { return s.Vendor == MySQL }
