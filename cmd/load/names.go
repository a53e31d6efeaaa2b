package load

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kolide/databalancer/catalog"
)

// columnKey is what makes two fields' columns the same one.
func columnKey(field string) string { return strings.ToLower(catalog.FieldColumn(field)) }

// assignNames returns the name that each field is sent by, all of which the
// API takes together. Fields with a stored column's exact name come first,
// then those whose own name will do, so that a field keeps its name unless an
// equally good one came before; each group in the given order.
func assignNames(fields []string, stored []storedColumn) map[string]string {
	spelling := make(map[string]string, len(stored))
	for _, c := range stored {
		spelling[columnKey(c.Name)] = c.Name
	}
	rank := func(field string) int {
		switch {
		case spelling[columnKey(field)] == field:
			return 0
		case cleanField(field) == field:
			return 1
		}
		return 2
	}
	ordered := slices.Clone(fields)
	slices.SortStableFunc(ordered, func(a, b string) int { return rank(a) - rank(b) })

	names := make(map[string]string, len(fields))
	taken := make(map[string]bool, len(fields))
	for _, field := range ordered {
		name := freeName(cleanField(field), taken)
		if known, ok := spelling[columnKey(name)]; ok && strings.EqualFold(known, name) {
			name = known
		}
		taken[columnKey(name)] = true
		names[field] = name
	}
	return names
}

// freeName returns the name itself if its column is not taken yet, or else
// with the first suffix from _2 that makes it so.
func freeName(name string, taken map[string]bool) string {
	free := name
	for n := 2; taken[columnKey(free)]; n++ {
		suffix := "_" + strconv.Itoa(n)
		free = name[:min(len(name), catalog.MaxName-len(suffix))] + suffix
	}
	return free
}

// cleanField returns the nearest name that a field may have.
func cleanField(field string) string { return cleanName(field, "_-.:@$/") }

// cleanFamily returns the nearest name that a family may have.
func cleanFamily(family string) string {
	name := cleanName(family, "_-.:@$")
	switch {
	case name == "." || name == "..":
		name = strings.Repeat("_", len(name))
	case strings.EqualFold(name, catalog.RawLogs):
		name = "_" + name
	}
	for catalog.FileNameSize(name) > catalog.MaxFileName {
		name = name[:len(name)-1]
	}
	return name
}

func cleanName(name, punctuation string) string {
	name = strings.Map(func(r rune) rune {
		if catalog.IsPlain(r) || r < 0x80 && strings.ContainsRune(punctuation, r) {
			return r
		}
		return '_'
	}, name)
	if name == "" || catalog.IsReserved(name) {
		name = "_" + name
	}
	return name[:min(len(name), catalog.MaxName)]
}
