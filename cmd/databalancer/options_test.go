package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func noEnvironment(string) string { return "" }

func TestParseAddresses(t *testing.T) {
	for list, want := range map[string][]shardAddress{
		"localhost:3306":        {{"localhost:3306", "localhost:3306"}},
		"a=db1:3306, b=/x.sock": {{"a", "db1:3306"}, {"b", "/x.sock"}},
		"db1,c=db2":             {{"db1", "db1"}, {"c", "db2"}},
	} {
		if got, err := parseAddresses("mysql_address", list); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v, %v; want %v", list, got, err, want)
		}
	}
	for _, list := range []string{"", ",", "a=", "=h:1", "h:1,h:1", "a=h:1,a=h:2", "a=h:1,b=h:1"} {
		if got, err := parseAddresses("mysql_address", list); err == nil {
			t.Errorf("%q: got %v, want an error", list, got)
		}
	}
}

// TestSources takes a value from the flag, else the environment, else the
// default, and a password from its file.
func TestSources(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("from the file\r\nnot this\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{
		"DATABALANCER_MYSQL_DATABASE": "from_environment", "DATABALANCER_MYSQL_USERNAME": "environment",
		"DATABALANCER_MAX_ROWS": "7", "DATABALANCER_RAW_LOGS": "false", "DATABALANCER_LOG_LEVEL": "warn",
	}
	o, err := parseOptions([]string{"-mysql_username", "flag", "-mysql_password_file", file}, func(name string) string { return environment[name] }, new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	got := []any{o.mysqlUsername, o.mysqlDatabase, o.mysqlAddress, o.mysqlPassword, o.maxRows, o.rawLogs, o.logLevel.String()}
	want := []any{"flag", "from_environment", "localhost:3306", "from the file", 7, false, "WARN"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestBadEnvironment names the variable, and never shows its value.
func TestBadEnvironment(t *testing.T) {
	_, err := parseOptions(nil, func(name string) string {
		if name == "DATABALANCER_LOCAL" {
			return "a-secret-in-the-wrong-place"
		}
		return ""
	}, new(bytes.Buffer))
	if err == nil || !strings.Contains(err.Error(), "DATABALANCER_LOCAL") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

// TestRanges refuses numbers out of range by the flag's name, and takes those
// at the limits.
func TestRanges(t *testing.T) {
	for _, args := range [][]string{
		{"-mysql_write_conns", "0"}, {"-mysql_write_conns", "-1"}, {"-mysql_query_conns", "0"},
		{"-size_interval", "0"}, {"-size_interval", "-1s"}, {"-split_bytes", "-1"}, {"-gather_max_rows", "0"}, {"-gather_max_bytes", "-1"}, {"-shutdown_timeout", "-1ns"},
		{"-query_timeout", "0"}, {"-query_timeout", "-1s"}, {"-write_timeout", "0"}, {"-write_timeout", "-1s"},
		{"-max_rows", "-1"}, {"-max_queries", "0"}, {"-max_queued", "0"}, {"-trusted_proxies", "10.0.0.0/33"}, {"-max_query_length", "0"}, {"-max_query_length", "262145"},
		{"-max_result_bytes", "-1"}, {"-max_row_bytes", "1048575"}, {"-max_value_memory", "67108863"},
		{"-max_body", "0"}, {"-max_body", "-1"}, {"-max_pending", "99", "-max_body", "100"},
	} {
		_, err := parseOptions(args, noEnvironment, new(bytes.Buffer))
		if err == nil || !strings.HasPrefix(err.Error(), args[0]+": ") {
			t.Errorf("%v: got %v", args, err)
		}
	}
	for _, args := range [][]string{
		{"-mysql_write_conns", "1"}, {"-mysql_query_conns", "1"}, {"-size_interval", "1ns"}, {"-split_bytes", "0"}, {"-gather_max_rows", "1"}, {"-gather_max_bytes", "1"}, {"-shutdown_timeout", "0"},
		{"-query_timeout", "1ns"}, {"-write_timeout", "1ns"}, {"-max_rows", "0"}, {"-max_query_length", "1"},
		{"-max_query_length", "262144"}, {"-max_body", "1"}, {"-max_pending", "100", "-max_body", "100"}, {"-max_queries", "1"}, {"-max_queued", "1"},
		{"-trusted_proxies", "10.0.0.0/8, 192.0.2.1,fd00::/8"},
		{"-max_result_bytes", "0"}, {"-max_row_bytes", "1048576"}, {"-max_value_memory", "67108864"},
	} {
		if _, err := parseOptions(args, noEnvironment, new(bytes.Buffer)); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// TestReadmeListsFlags holds the README's table to the flags.
func TestReadmeListsFlags(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	new(options).flags(fs)
	listed := 0
	fs.VisitAll(func(f *flag.Flag) {
		row := "| `-" + f.Name + "` |"
		if !strings.Contains(string(text), row) {
			t.Errorf("the README does not list -%s", f.Name)
		}
		listed++
	})
	if rows := strings.Count(string(text), "\n| `-"); rows != listed {
		t.Errorf("the README lists %d flags, there are %d", rows, listed)
	}
}

func TestRefusedOptions(t *testing.T) {
	for _, args := range [][]string{
		{"-local", "-1"}, {"-local", "65"}, {"-log_format", "xml"}, {"-mysql_database", ""}, {"-mysql_database", "a`b"},
		{"-mysql_database", strings.Repeat("x", 60)}, {"-mysql_password_file", "/no/such/file"}, {"extra"},
		{"-mysql_tls", "on"}, {"-mysql_tls", "verify", "-mysql_tls_ca", "/no/such/file"}, {"-mysql_tls_ca", "options_test.go"},
	} {
		if _, err := parseOptions(args, noEnvironment, new(bytes.Buffer)); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}

// TestBadTLSIsNamed names the flag, and the file where there is one.
func TestBadTLSIsNamed(t *testing.T) {
	for want, args := range map[string][]string{
		"-mysql_tls: ":                        {"-mysql_tls", "on"},
		"-mysql_tls_ca: options_test.go ":     {"-mysql_tls", "verify", "-mysql_tls_ca", "options_test.go"},
		"-mysql_tls_ca: open /no/such/file: ": {"-mysql_tls", "verify", "-mysql_tls_ca", "/no/such/file"},
		"-mysql_tls_cert: ":                   {"-mysql_tls_cert", "options_test.go"},
		"-mysql_tls_key: ":                    {"-mysql_tls_key", "options_test.go"},
	} {
		_, err := parseOptions(args, noEnvironment, new(bytes.Buffer))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v: got %v, want %s…", args, err, want)
		}
	}
}
