package gather

import "testing"

func TestMergeColumns(t *testing.T) {
	text := func(kind, spelled, collation string) column {
		return column{definition: definition{name: "k", kind: kind, spelled: spelled, charset: "utf8mb4", collation: collation, notNull: true}, form: forms[kind]}
	}
	number := column{definition: definition{name: "K", kind: "bigint", spelled: "bigint(20)"}, form: forms["bigint"]}
	for _, tt := range []struct {
		a, b column
		want string // empty: they do not go together
	}{
		{text("varchar", "varchar(40)", "utf8mb4_bin"), text("varchar", "varchar(136)", "utf8mb4_bin"), "varchar(136)"},
		{text("longtext", "longtext", "utf8mb4_bin"), text("varchar", "varchar(136)", "utf8mb4_bin"), "longtext"},
		{text("varchar", "varchar(9)", "utf8mb4_bin"), text("text", "text", "utf8mb4_bin"), "text"},
		{text("char", "char(9)", "utf8mb4_bin"), text("varchar", "varchar(43)", "utf8mb4_bin"), "varchar(43)"},
		{text("varchar", "varchar(9)", "utf8mb4_bin"), text("varchar", "varchar(9)", "utf8mb4_general_ci"), ""},
		{number, number, "bigint(20)"},
		{number, text("varchar", "varchar(9)", "utf8mb4_bin"), ""},
	} {
		columns := []column{tt.a}
		tt.b.notNull = false
		ok := mergeColumns(columns, []column{tt.b})
		if ok != (tt.want != "") || ok && (columns[0].spelled != tt.want || columns[0].notNull) {
			t.Errorf("%s and %s: got %s, %v", tt.a.spelled, tt.b.spelled, columns[0].spelled, ok)
		}
	}
	if mergeColumns([]column{number}, nil) {
		t.Error("results of different width go together")
	}
}
