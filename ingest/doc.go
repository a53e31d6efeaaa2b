// Package ingest stores JSON log events in the tables of their families.
//
// One request goes through four steps:
//
//  1. read (request.go, schema.go): the members of the body are found, and
//     the schema becomes a list of fields. A member may stand anywhere.
//  2. decode (scan.go, decode.go, value.go, canonical.go): one pass over the
//     events, directed by the schema, checks everything and leaves compact
//     cells that point into the body, and each event's canonical JSON. No
//     statement runs before the last event is found valid. Memory is
//     proportional to the body, whatever the number of columns.
//  3. target (delivery.go, target.go): the catalog creates the family or adds
//     what it lacks. Families that are known already need no catalog I/O, so
//     they are stored while the catalog is down.
//  4. commit (queue.go, batch.go, insert.go): the request queues for its
//     family. A worker takes whatever queued while the last commit ran and
//     stores it in one transaction. A batch that fails is repeated request by
//     request, so each is atomic by itself.
//
// The JSON scanner is this package's own, since a general one can't report
// what is promised here: the byte offset of an error, lone surrogates,
// duplicate keys, and a value's place in the body, which spares the copies.
// It is fuzzed against encoding/json.
//
// Wide families (wide.go): columns with a group are written as members of the
// row's hidden JSON columns; the table shows them as generated columns. How
// tables are made and look is package tables'. What a server would not keep of
// such members is refused (loss.go).
package ingest
