package load

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
)

// infer returns the schema of all events in a text.
func infer(text string) (Schema, error) {
	s := newSurvey()
	for events := newSplitter(strings.NewReader(text)); ; {
		event, line, err := events.next()
		if errors.Is(err, io.EOF) {
			return s.schema(nil, nil), nil
		}
		if err == nil {
			err = s.add(event)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
}

func TestInferTypes(t *testing.T) {
	const int53 = "9007199254740992"
	tests := []struct {
		name   string
		values []string
		want   catalog.Type
	}{
		{"null", []string{"null", "null"}, catalog.Text},
		{"bool", []string{"true", "null", "false"}, catalog.Bool},
		{"bool and int", []string{"true", "1"}, catalog.JSON},
		{"int", []string{"1", "-7", "null"}, catalog.Int},
		{"int of 64 bits", []string{"9223372036854775807", "-9223372036854775808"}, catalog.Int},
		{"int above 64 bits", []string{"9223372036854775808"}, catalog.JSON},
		{"int below 64 bits", []string{"1", "-9223372036854775809"}, catalog.JSON},
		{"float", []string{"0.0008699893951416016"}, catalog.Float},
		{"float and int", []string{"1", "2.5", int53, "-" + int53}, catalog.Float},
		{"float and an int that a double loses", []string{"2.5", "9007199254740993"}, catalog.JSON},
		{"whole float", []string{"2.0"}, catalog.Float},
		{"exponent", []string{"1e3", "2E-7"}, catalog.Float},
		{"float beyond a double", []string{"1e400"}, catalog.JSON},
		{"float below a double", []string{"1e-400"}, catalog.JSON},
		{"zero with an exponent", []string{"0e-400", "-0.0"}, catalog.Float},
		{"17 digits", []string{"0.12345678901234567", "123456789.12345678000"}, catalog.Float},
		{"18 digits", []string{"0.123456789012345678"}, catalog.JSON},
		{"timestamp", []string{`"2018-03-24T17:15:20.600725Z"`, `"1970-01-01T00:00:00Z"`, `"9999-12-31T23:59:59.9Z"`}, catalog.Timestamp},
		{"timestamp and null", []string{`"2018-03-24T17:15:20Z"`, "null"}, catalog.Timestamp},
		{"nanoseconds", []string{`"2018-03-24T17:15:20.6007251Z"`}, catalog.Text},
		{"offset", []string{`"2018-03-24T17:15:20+00:00"`}, catalog.Text},
		{"lower case", []string{`"2018-03-24t17:15:20z"`}, catalog.Text},
		{"early year", []string{`"0999-03-24T17:15:20Z"`}, catalog.Text},
		{"leap second", []string{`"2016-12-31T23:59:60Z"`}, catalog.Text},
		{"no such day", []string{`"2018-02-30T17:15:20Z"`}, catalog.Text},
		{"comma", []string{`"2018-03-24T17:15:20,5Z"`}, catalog.Text},
		{"point without digits", []string{`"2018-03-24T17:15:20.Z"`}, catalog.Text},
		{"no zone", []string{`"2018-03-24T17:15:20.6007"`}, catalog.Text},
		{"timestamp and string", []string{`"2018-03-24T17:15:20Z"`, `"-"`}, catalog.Text},
		{"timestamp and int", []string{`"2018-03-24T17:15:20Z"`, `5`}, catalog.JSON},
		{"string", []string{`""`, `"é\u0000"`}, catalog.Text},
		{"string and float", []string{`"a"`, `1.5`}, catalog.JSON},
		{"object", []string{`{"a":1}`}, catalog.JSON},
		{"array and null", []string{"null", `[1,"x"]`}, catalog.JSON},
		{"array and string", []string{`[]`, `"x"`}, catalog.JSON},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var lines strings.Builder
			for _, v := range tt.values {
				fmt.Fprintf(&lines, "{\"f\":%s}\n", v)
			}
			got, err := infer(lines.String())
			if err != nil {
				t.Fatal(err)
			}
			want := Schema{{Source: "f", Name: "f", Type: tt.want}}
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestInferSurveysAllEventsInOrder(t *testing.T) {
	const events = `{"b":1,"a":null}
		{"a":"x","c":[]}` + "\n\n" + `{"b":1.5,"C":true}`
	got, err := infer(events)
	if err != nil {
		t.Fatal(err)
	}
	want := Schema{
		{"b", "b", catalog.Float}, {"a", "a", catalog.Text},
		{"c", "c", catalog.JSON}, {"C", "C_2", catalog.Bool},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestInferErrorsNameTheLine(t *testing.T) {
	tests := []struct{ name, events, want string }{
		{"not an object", "{}\n\n5\n", "line 3: "},
		{"bad value", "{}\n{\"a\":tru}\n", "line 2: "},
		{"cut off", "{}\n{\"a\":\"", "line 2: unexpected EOF"},
		{"open array", "[{}", "line 1: unexpected EOF"},
		{"after the array", "[{}]\n{}", "line 2: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := infer(tt.events)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %q…", err, tt.want)
			}
		})
	}
}

func TestSchemaTakesStoredAndGivenTypes(t *testing.T) {
	s := newSurvey()
	const event = `{"whole":1,"wide":9007199254740993,"time":"2018-03-24T17:15:20Z","none":null,"text":"x","Name":"n","pin":"2018-03-24T17:15:20Z"}`
	if err := s.add([]byte(event)); err != nil {
		t.Fatal(err)
	}
	stored := []storedColumn{
		{"whole", catalog.Float}, {"wide", catalog.Float}, {"time", catalog.Text},
		{"none", catalog.Int}, {"text", catalog.Int}, {"name", catalog.JSON}, {"pin", catalog.Timestamp},
	}
	got := s.schema(map[string]catalog.Type{"pin": catalog.Text}, stored)
	want := Schema{
		{"whole", "whole", catalog.Float}, // a double holds it
		{"wide", "wide", catalog.Int},     // a double does not: the server's to refuse
		{"time", "time", catalog.Text},
		{"none", "none", catalog.Int},
		{"text", "text", catalog.Text},
		{"Name", "name", catalog.JSON},
		{"pin", "pin", catalog.Text},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}
