package catalog

import (
	"fmt"
	"strings"
)

// DatabaseSuffix makes the name of the catalog's database of that of the
// shards' database.
const DatabaseSuffix = "_catalog"

// Key is what names of tables and columns are compared by.
func Key(name string) string { return strings.ToLower(name) }

// MaxName is the length of the longest name of a family or field, in bytes;
// MaxFileName that of a family's name as FileNameSize counts it.
const (
	MaxName     = 64
	MaxFileName = 200
)

// ReservedPrefix begins the names of databalancer's own tables, in any case.
// No family, field or registered table may begin with it.
const ReservedPrefix = "databalancer"

// IsReserved reports whether a name begins with ReservedPrefix, in any case.
func IsReserved(name string) bool {
	n := len(ReservedPrefix)
	return len(name) >= n && strings.EqualFold(name[:n], ReservedPrefix)
}

// Reserved returns ErrNameTaken for the names that no family or registered
// table can have: raw_logs, and those that begin with ReservedPrefix.
func Reserved(name string) error {
	if strings.EqualFold(name, RawLogs) || IsReserved(name) {
		return fmt.Errorf("name %s: %w: it is reserved", name, ErrNameTaken)
	}
	return nil
}

// FileNameSize returns the length of a table's name in a file's name, in
// bytes, where MySQL writes all but ASCII letters, digits and _ as @ and four
// digits (MySQL manual, "Mapping of Identifiers to File Names").
func FileNameSize(name string) int {
	size := 0
	for _, r := range name {
		if IsPlain(r) {
			size++
		} else {
			size += 5
		}
	}
	return size
}

// IsPlain reports whether r is an ASCII letter, a digit or _.
func IsPlain(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
}
