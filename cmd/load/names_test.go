package load

import (
	"strings"
	"testing"
)

func TestAssignNames(t *testing.T) {
	long := strings.Repeat("x", 70)
	tests := []struct {
		name   string
		fields string // separated by blanks
		stored string
		want   string // in the fields' order
	}{
		{"as they are", "a id.orig_h @timestamp a-b:c$d/e", "", "a id.orig_h @timestamp a-b:c$d/e"},
		{"twins", "Host host HOST", "", "Host host_2 HOST_3"},
		{"suffix taken", "a A a_2", "", "a A_2 a_2_2"},
		{"id and its column", "id _id ID", "", "id _id_2 ID_2"},
		{"refused runes", "größe a,b", "", "gr__e a_b"},
		{"own names first", "a,b a_b", "", "a_b_2 a_b"},
		{"reserved", "databalancer_1 DataBalancer", "", "_databalancer_1 _DataBalancer"},
		{"too long", long + " " + long + "y", "", long[:64] + " " + long[:62] + "_2"},
		{"stored spelling", "name", "Name", "Name"},
		{"stored twins", "name Name", "Name name_2", "name_2 Name"},
		{"stored key field", "id", "_id", "id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stored []storedColumn
			for _, name := range strings.Fields(tt.stored) {
				stored = append(stored, storedColumn{Name: name})
			}
			fields := strings.Fields(tt.fields)
			names := assignNames(fields, stored)
			var got []string
			for _, f := range fields {
				got = append(got, names[f])
			}
			if g := strings.Join(got, " "); g != tt.want {
				t.Errorf("got %s, want %s", g, tt.want)
			}
		})
	}
}

func TestCleanFamily(t *testing.T) {
	tests := []struct{ family, want string }{
		{"dns", "dns"},
		{"my log", "my_log"},
		{"a/b", "a_b"},
		{"..", "__"},
		{"Raw_Logs", "_Raw_Logs"},
		{"databalancerx", "_databalancerx"},
		{strings.Repeat("-", 64), strings.Repeat("-", 40)},
	}
	for _, tt := range tests {
		if got := cleanFamily(tt.family); got != tt.want {
			t.Errorf("cleanFamily(%q) = %q, want %q", tt.family, got, tt.want)
		}
	}
}
