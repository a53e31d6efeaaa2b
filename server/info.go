// Package server is what databalancer knows of the MySQL-speaking servers that
// are its shards: how vendors and versions differ in what they can do and how
// that is spelled, how names are quoted, and what the numbers of their errors
// mean. It holds facts alone and talks to no server.
//
// No other package compares vendors. A difference between servers becomes a
// method of [Info] here, named by what the server does, and a new error number
// a row of the one table in numbers.go.
package server

import (
	"fmt"
	"strings"
)

// Vendor is the kind of database server that a shard is.
type Vendor string

const (
	MySQL   Vendor = "MySQL"
	MariaDB Vendor = "MariaDB"
	TiDB    Vendor = "TiDB"
)

// Info is what a server says of itself.
type Info struct {
	Vendor  Vendor
	Version string // as VERSION() returns it
	Major   int    // of the vendor's own version: TiDB's, not the MySQL version it imitates
	Minor   int
	Patch   int
}

// Parse reads the answer of VERSION(), such as "8.4.3",
// "10.11.14-MariaDB-0+deb12u2" or "8.0.11-TiDB-v7.5.1". What it cannot read
// counts as 0.
func Parse(version string) Info {
	s := Info{Vendor: MySQL, Version: version}
	number := version
	switch {
	case strings.Contains(version, "TiDB"):
		s.Vendor = TiDB
		_, number, _ = strings.Cut(version, "TiDB-")
	case strings.Contains(version, "MariaDB"):
		s.Vendor = MariaDB
		number = strings.TrimPrefix(version, "5.5.5-") // a prefix for old replicas
	}
	// What follows the numbers, and a missing one, is of no interest.
	_, _ = fmt.Sscanf(strings.TrimPrefix(number, "v"), "%d.%d.%d", &s.Major, &s.Minor, &s.Patch)
	return s
}

// String returns the vendor and its version, such as "MariaDB 10.11.14".
func (s Info) String() string {
	return fmt.Sprintf("%s %d.%d.%d", s.Vendor, s.Major, s.Minor, s.Patch)
}

// ComputesLike reports whether two servers give the same value for the same
// expression, as far as that is known: those of one vendor and major version.
func (s Info) ComputesLike(other Info) bool {
	return s.Vendor == other.Vendor && s.Major == other.Major
}

func (s Info) atLeast(major, minor, patch int) bool {
	if s.Major != major {
		return s.Major > major
	}
	if s.Minor != minor {
		return s.Minor > minor
	}
	return s.Patch >= patch
}
