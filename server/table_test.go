package server

import "testing"

func TestEmptyTexts(t *testing.T) {
	for _, tt := range []struct {
		version, mended string
		text            string
	}{
		{"10.6.23-MariaDB", "", "JSON_VALUE(c, p)"},
		{"10.11.13-MariaDB", "", "JSON_VALUE(c, p)"},
		{"10.11.14-MariaDB-0+deb12u2", "10.11.15", "JSON_VALUE(c, p)"},
		{"10.11.15-MariaDB", "", "JSON_VALUE(c, p)"},
		{"11.4.8-MariaDB-ubu2404", "11.4.9", "JSON_VALUE(c, p)"},
		{"11.8.3-MariaDB", "11.8.4", "JSON_VALUE(c, p)"},
		{"12.0.2-MariaDB", "12.1.2", "JSON_VALUE(c, p)"},
		{"12.1.2-MariaDB", "", "JSON_VALUE(c, p)"},
		{"8.4.3", "", "JSON_UNQUOTE(JSON_EXTRACT(c, p))"},
		{"10.11.14", "", "JSON_UNQUOTE(JSON_EXTRACT(c, p))"}, // a MySQL to come
		{"8.0.11-TiDB-v7.5.1", "", "JSON_UNQUOTE(JSON_EXTRACT(c, p))"},
	} {
		s := Parse(tt.version)
		if mended, loses := s.LosesEmptyText(); mended != tt.mended || loses != (tt.mended != "") {
			t.Errorf("%s: loses empty strings: %t, until %s", s, loses, mended)
		}
		if got := s.JSONText("c", "p"); got != tt.text {
			t.Errorf("%s: %s", s, got)
		}
	}
}
