package server

// Invisible reports whether columns may be INVISIBLE, that is left out of
// SELECT *: MySQL from 8.0.23, MariaDB from 10.3, TiDB never.
func (s Info) Invisible() bool {
	switch s.Vendor {
	case MySQL:
		return s.atLeast(8, 0, 23)
	case MariaDB:
		return s.atLeast(10, 3, 0)
	}
	return false
}

// JSONIsText reports whether JSON is no type of its own, but MariaDB's name
// for a LONGTEXT that is checked to be JSON. Without the check its functions
// take such a column for a string, and with it each write pays for it.
func (s Info) JSONIsText() bool { return s.Vendor == MariaDB }

// AscendingIDs is the option of a table that makes its AUTO_INCREMENT ascend,
// with a blank before it. TiDB gives ids out of order unless it caches only
// one of them.
func (s Info) AscendingIDs() string {
	if s.Vendor == TiDB {
		return " AUTO_ID_CACHE 1"
	}
	return ""
}

// Online is what makes a server refuse to change a table's indexes rather than
// keep rows from being stored meanwhile. TiDB never does that.
func (s Info) Online() string {
	if s.Vendor == TiDB {
		return ""
	}
	return ", ALGORITHM=INPLACE, LOCK=NONE"
}

// DropsInSteps reports whether a statement that drops a column takes several
// steps, in each of which some of the servers know it and others don't any more.
func (s Info) DropsInSteps() bool { return s.Vendor == TiDB }

// HasJSONValue reports whether the members of JSON are read with JSON_VALUE, of
// whatever type. MariaDB keeps the definitions of a table's columns in 64 KiB,
// where it takes least.
func (s Info) HasJSONValue() bool { return s.Vendor == MariaDB }

// jsonValueMended has the releases of MariaDB whose JSON_VALUE returns NULL for
// an empty string, and the next ones of their series that don't: MDEV-36765
// broke it, MDEV-37428 mended it. Of 12.0 there was none after.
var jsonValueMended = map[[3]int]string{
	{10, 11, 14}: "10.11.15",
	{11, 4, 8}:   "11.4.9",
	{11, 8, 3}:   "11.8.4",
	{12, 0, 2}:   "12.1.2",
	{12, 1, 1}:   "12.1.2",
}

// LosesEmptyText reports whether JSONText gives NULL for an empty string, and
// if so which release of the server doesn't any more. JSONUnquoted is right
// everywhere.
func (s Info) LosesEmptyText() (mended string, loses bool) {
	if !s.HasJSONValue() {
		return "", false
	}
	mended, loses = jsonValueMended[[3]int{s.Major, s.Minor, s.Patch}]
	return mended, loses
}

// JSONText spells it for a text, also where the member holds a number.
func (s Info) JSONText(column, path string) string {
	if s.HasJSONValue() {
		return "JSON_VALUE(" + column + ", " + path + ")"
	}
	return JSONUnquoted(column, path)
}

// JSONUnquoted spells it for a text without JSON_VALUE.
func JSONUnquoted(column, path string) string {
	return "JSON_UNQUOTE(" + JSONMember(column, path) + ")"
}

// JSONTimestamp spells it for a DATETIME(6).
func (s Info) JSONTimestamp(column, path string) string {
	if s.HasJSONValue() {
		return s.JSONText(column, path)
	}
	return "CAST(" + s.JSONText(column, path) + " AS DATETIME(6))"
}

// JSONFloat spells it for a DOUBLE. MySQL casts to that only from 8.0.17 on,
// but assigns a JSON number as it is.
func (s Info) JSONFloat(column, path string) string {
	if s.HasJSONValue() {
		return s.JSONText(column, path)
	}
	return JSONMember(column, path)
}

// JSONInt spells it for a BIGINT or a BOOLEAN.
func (s Info) JSONInt(column, path string) string {
	if s.HasJSONValue() {
		return s.JSONText(column, path)
	}
	return "CAST(" + JSONMember(column, path) + " AS SIGNED)"
}

// JSONMember spells it for JSON.
func JSONMember(column, path string) string {
	return "JSON_EXTRACT(" + column + ", " + path + ")"
}

// PlainRows reports whether a row takes a column for each of a thousand fields,
// whatever is in them. Rows of InnoDB have to fit in a page. TiDB's have 1,017
// columns and 6 MiB, and virtual ones cost it a multiple.
func (s Info) PlainRows() bool { return s.Vendor == TiDB }
