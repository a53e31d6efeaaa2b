package catalog

import "strconv"

// MaxWeight is the greatest weight that a shard can have.
const MaxWeight = 1e6

// ShardState says what a shard may be used for.
type ShardState string

const (
	Active   ShardState = "active"   // takes new families
	ReadOnly ShardState = "readonly" // keeps what it has, takes no new family
)

// Shard is one MySQL server as the catalog knows it.
type Shard struct {
	Number   int    // from 0, in the order of registration; also its raw_logs placement
	Name     string // unique
	Address  string // host:port, or the path of a unix socket
	Identity string // the server's own, kept in a table of ours on it
	Catalog  string // the identity of the catalog that has the shard
	// Collation is the catalog's: that of sessions on the shard and of what is
	// made there. Empty where no catalog has the shard.
	Collation string
	State     ShardState
	Weight    float64 // its share of new families, relative to the others'
	Bytes     int64   // data and indexes, at the last size refresh
	Rows      int64   // estimated, at the last size refresh
	Placed    int     // families placed since the last size refresh
}

// Validate returns an *InvalidShardError for what no shard can have.
func (s *Shard) Validate() error {
	invalid := func(field, value string) error {
		return &InvalidShardError{Shard: s.Name, Field: field, Value: value}
	}
	switch {
	case s.Name == "" || len(s.Name) > 255:
		return invalid("name", s.Name)
	case s.Address == "" || len(s.Address) > 255:
		return invalid("address", s.Address)
	case s.Identity == "" || len(s.Identity) > 64:
		return invalid("identity", s.Identity)
	case s.State != Active && s.State != ReadOnly:
		return invalid("state", string(s.State))
	case !(s.Weight > 0) || s.Weight > MaxWeight:
		return invalid("weight", strconv.FormatFloat(s.Weight, 'g', -1, 64))
	}
	return nil
}
