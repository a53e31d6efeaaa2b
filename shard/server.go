package shard

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

// Server is what a shard's server says of itself.
type Server struct {
	Vendor  Vendor
	Version string // as VERSION() returns it
	Major   int    // of the vendor's own version: TiDB's, not the MySQL version it imitates
	Minor   int
	Patch   int
}

// ParseServer reads the answer of VERSION(), such as "8.4.3",
// "10.11.14-MariaDB-0+deb12u2" or "8.0.11-TiDB-v7.5.1". What it cannot read
// counts as 0.
func ParseServer(version string) Server {
	s := Server{Vendor: MySQL, Version: version}
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
func (s Server) String() string {
	return fmt.Sprintf("%s %d.%d.%d", s.Vendor, s.Major, s.Minor, s.Patch)
}

// Invisible reports whether columns may be INVISIBLE, that is left out of
// SELECT *: MySQL from 8.0.23, MariaDB from 10.3, TiDB never.
func (s Server) Invisible() bool {
	switch s.Vendor {
	case MySQL:
		return s.atLeast(8, 0, 23)
	case MariaDB:
		return s.atLeast(10, 3, 0)
	}
	return false
}

// ReadOnlySessions reports whether a session can be made read-only. TiDB
// refuses that unless its no-op functions are turned on.
func (s Server) ReadOnlySessions() bool { return s.Vendor != TiDB }

func (s Server) atLeast(major, minor, patch int) bool {
	if s.Major != major {
		return s.Major > major
	}
	if s.Minor != minor {
		return s.Minor > minor
	}
	return s.Patch >= patch
}
