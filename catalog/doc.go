// Package catalog is what databalancer knows: the shards, the families with
// their columns, placements and indexes, and the registered tables. It holds
// the words for that and the rules over them, and does nothing: package
// catalog/store keeps it in a database, and changes it.
//
// A Snapshot is one immutable version of all. Whoever plans, stores or answers
// takes one and works with it to the end.
//
// # Columns
//
// InnoDB keeps a row in half a page. Fields are stored as columns of their own
// while the sum of their worst cases stays within a budget; the fields beyond
// are assigned to groups, each one hidden JSON column (see Column.Group and
// Layout).
package catalog
