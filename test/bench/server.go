package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/kolide/databalancer/local"
)

const tidbVariable = "DATABALANCER_TEST_TIDB"

// findServer returns the server program that is measured: one that
// scripts/servers.sh knows by its name, the tests' TiDB, or that of a path.
func findServer(ctx context.Context, named string, stderr io.Writer) (local.Program, error) {
	if named == "tidb" {
		if named = os.Getenv(tidbVariable); named == "" {
			return local.Program{}, fmt.Errorf("%s names no tidb-server", tidbVariable)
		}
	}
	if named == "mysql" || named == "mariadb" {
		root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
		if err != nil {
			return local.Program{}, fmt.Errorf("folder of the scripts: %w", err)
		}
		cmd := exec.CommandContext(ctx, "bash", filepath.Join(strings.TrimSpace(string(root)), "scripts", "servers.sh"), named)
		cmd.Stderr = stderr
		path, err := cmd.Output()
		if err != nil {
			return local.Program{}, fmt.Errorf("server program: %w", err)
		}
		named = strings.TrimSpace(string(path))
	}
	return local.Find(named)
}

// serverArgs are equal for all sides of every comparison: memory enough for
// what is measured to be the programs rather than the disk, which keeps what
// a scan has read, and a log that is written at each commit but synchronized
// once a second. The sizes are those of the pool and of the log. TiDB has its
// defaults.
func (b *bed) serverArgs(pool, log string) []string {
	if b.server.Kind == local.TiDB {
		return nil
	}
	logSize := "--innodb-log-file-size=" + log
	if b.server.Kind == local.MySQL {
		logSize = "--innodb-redo-log-capacity=" + log
	}
	return []string{
		"--innodb-buffer-pool-size=" + pool,
		"--innodb-old-blocks-time=0",
		logSize,
		"--innodb-flush-log-at-trx-commit=2",
	}
}

// titled is the name of a benchmark's section of the report.
func (b *bed) titled(bench string) string {
	if b.server.Kind == local.MariaDB {
		return bench
	}
	return bench + " on " + b.server.Kind.String()
}
