// Package load is the `databalancer load` subcommand: it sends files of JSON
// events to a databalancer server, over its HTTP API like any other client.
//
// A file is read twice. The first pass surveys every event and finds, for
// each field, the narrowest type that holds all of its values without loss
// (see holders), so that no late event contradicts a schema guessed from the
// early ones; standard input is spooled to a temporary file for that. Then
// the server is asked which columns the families have already: a field takes
// the stored column's type where that type holds its values, so that a second
// file, in which every number happens to be whole, still fits. The second
// pass sends the events in batches, each of which is stored as a whole or not
// at all.
//
// Names that the API refuses are mapped, never dropped, and every mapping is
// reported on stderr:
//   - a rune outside ASCII letters, digits and _ - . : @ $ / becomes _;
//   - a name is cut after 64 characters, and an empty one becomes _;
//   - a name that is reserved gets a leading _;
//   - of fields that differ only in case, as MySQL's columns cannot, the one
//     seen first keeps its name, and each later one gets the suffix _2, _3
//     and so on, also when the events bear both;
//   - a field that differs from a stored column only in case takes the stored
//     spelling.
//
// A request that the server is too busy for (429, 503) is repeated. One whose
// outcome is unknown is not, since that might store its events twice; it is
// reported with the lines it came from.
package load
