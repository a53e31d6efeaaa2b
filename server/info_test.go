package server

import "testing"

func TestParse(t *testing.T) {
	tests := []struct {
		version   string
		want      string
		invisible bool
		readOnly  bool
	}{
		{"8.4.3", "MySQL 8.4.3", true, true},
		{"8.0.23", "MySQL 8.0.23", true, true},
		{"8.0.22-0ubuntu0.20.04.2", "MySQL 8.0.22", false, true},
		{"9.1.0", "MySQL 9.1.0", true, true},
		{"5.7.44-log", "MySQL 5.7.44", false, true},
		{"10.11.14-MariaDB-0+deb12u2", "MariaDB 10.11.14", true, true},
		{"5.5.5-10.2.44-MariaDB-log", "MariaDB 10.2.44", false, true},
		{"11.8.2-MariaDB", "MariaDB 11.8.2", true, true},
		{"8.0.11-TiDB-v7.5.1", "TiDB 7.5.1", false, false},
		{"5.7.25-TiDB-v8.1.0-alpha", "TiDB 8.1.0", false, false},
		{"unheard of", "MySQL 0.0.0", false, true},
		{"", "MySQL 0.0.0", false, true},
	}
	for _, tt := range tests {
		s := Parse(tt.version)
		if s.String() != tt.want || s.Version != tt.version {
			t.Errorf("%q: got %s", tt.version, s)
		}
		if s.Invisible() != tt.invisible || s.ReadOnlySessions() != tt.readOnly {
			t.Errorf("%q: got invisible %t, read-only %t", tt.version, s.Invisible(), s.ReadOnlySessions())
		}
	}
}

func TestKillStatements(t *testing.T) {
	for version, want := range map[string]string{
		"8.4.0":              "KILL 7",
		"10.11.1-MariaDB":    "KILL 7",
		"8.0.11-TiDB-v7.5.1": "KILL TIDB 7",
	} {
		if got := Parse(version).KillConnection(7); got != want {
			t.Errorf("%s: got %s", version, got)
		}
	}
}
