package tree

import (
	"strings"
	"testing"
	"time"
)

// TestInUTC compares with what package time says.
func TestInUTC(t *testing.T) {
	for _, text := range []string{
		"2024-01-01T00:00:00+02:00", "2024-01-01T00:00:00Z", "2023-12-31T23:59:59.999999-00:01", "2024-02-29T23:30:00-01:00",
		"2024-03-01T00:15:00+00:30", "2023-03-01T00:15:00+00:30", "2100-03-01T00:00:00+14:00", "2000-02-28T23:59:59-23:59",
		"1999-12-31T20:00:00.5-05:30", "2024-05-01T01:00:00+02:00", "2024-10-31T23:00:00-09:30", "0001-01-02T00:00:00+00:00",
	} {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		want := at.UTC().Format("2006-01-02 15:04:05.999999")
		if got, ok := InUTC(text); !ok || got != want {
			t.Errorf("%s is %q, %v, not %q", text, got, ok, want)
		}
		blank := strings.Replace(text, "T", " ", 1)
		if got, _ := InUTC(blank); got != want {
			t.Errorf("%s is %q, not %q", blank, got, want)
		}
	}
	for _, text := range []string{
		"", "2024-01-01", "2024-01-01T00:00:00", "2024-02-30T00:00:00Z", "2024-01-01T24:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01Z",
		"9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01", "2024-01-01T00:00:00+2:00", "x2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z ",
	} {
		if got, ok := InUTC(text); ok {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got, _ := InUTC("2024-01-01T00:30+02:00"); got != "2023-12-31 22:30:00" {
		t.Errorf("without seconds: %q", got)
	}
}
