package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// makeData makes the server's data folder, as a copy of template if there is
// one. It has another name until it is whole, so that it is whole or not there,
// whatever happens meanwhile.
func (s *server) makeData(ctx context.Context, template string) error {
	unfinished := s.data + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("unfinished installation: %w", err)
	}
	if err := os.MkdirAll(unfinished, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	fill := func() error { return s.installInto(ctx, unfinished) }
	if template != "" {
		fill = func() error { return CopyData(unfinished, template) }
	}
	if err := fill(); err != nil {
		return errors.Join(err, os.RemoveAll(unfinished))
	}
	if err := os.Rename(unfinished, s.data); err != nil {
		return fmt.Errorf("finished installation: %w", err)
	}
	return nil
}

// installInto sets up an empty data folder, whose root account has no password
// and whose server knows the machine's time zones. Temporary files are in a
// folder of their own: a server removes, when it starts, what others seem to
// have left there.
func (s *server) installInto(ctx context.Context, data string) error {
	zones := zoneStatements(os.DirFS(zoneFolder))
	if zones == "" {
		s.log.Warn("no named time zones for the local server: there are none on this machine", "dir", zoneFolder)
	}
	switch s.prog.Kind {
	case MariaDB:
		scripts, err := s.prog.systemTables()
		if err != nil {
			return err
		}
		// As a folder: CREATE DATABASE would give it a collation that the scripts don't expect.
		if err := os.Mkdir(filepath.Join(data, "mysql"), 0o700); err != nil {
			return err
		}
		return s.install(ctx, strings.NewReader(scripts+zones), "--bootstrap", "--datadir="+data, "--tmpdir="+s.tmp,
			"--skip-name-resolve", "--max-allowed-packet=8M", "--enforce-storage-engine=")
	case MySQL:
		file := filepath.Join(s.tmp, "zones.sql")
		if err := os.WriteFile(file, []byte(zones), 0o600); err != nil {
			return err
		}
		return s.install(ctx, nil, "--initialize-insecure", "--init-file="+file, "--datadir="+data, "--tmpdir="+s.tmp,
			"--secure-file-priv=NULL")
	}
	return nil // TiDB makes its own, and has its own time zones
}

// install runs the server program to make data. Its output becomes part of the
// error.
func (s *server) install(ctx context.Context, input io.Reader, args ...string) error {
	// The process is bound to the life of the thread that starts it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, s.prog.Path, append(s.prog.args(args...), asRoot()...)...)
	cmd.Stdin = input
	cmd.SysProcAttr = bound()
	cmd.Cancel = func() error { return killGroup(cmd.Process) }
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("installation with %s: %w\n%s", cmd.Path, err, out)
	}
	return nil
}

var (
	messagesFolder = regexp.MustCompile(`(?m)^lc-messages-dir +(/.*)$`)
	baseFolder     = regexp.MustCompile(`(?m)^basedir +(/.*)$`)
)

// systemTables returns the scripts that MariaDB's own mariadb-install-db gives
// to a server, for a root without a password. They lie beside the server's
// messages. Older versions call them mysql_.
func (p *Program) systemTables() (string, error) {
	help, err := p.output("--verbose", "--help")
	if err != nil {
		return "", fmt.Errorf("options of %s: %w", p.Path, err)
	}
	var folders []string
	if m := messagesFolder.FindStringSubmatch(help); m != nil {
		folders = append(folders, m[1])
	}
	if m := baseFolder.FindStringSubmatch(help); m != nil {
		for _, below := range []string{"share/mariadb", "share/mysql", "share"} {
			folders = append(folders, filepath.Join(m[1], below))
		}
	}
	for _, folder := range folders {
		for _, prefix := range []string{"mariadb_", "mysql_"} {
			if _, err := os.Stat(filepath.Join(folder, prefix+"system_tables.sql")); err == nil {
				return readScripts(folder, prefix)
			}
		}
	}
	return "", fmt.Errorf("the scripts that make the system tables of %s are in none of %q: %w", p.Path, folders, ErrNotInstalled)
}

func readScripts(folder, prefix string) (string, error) {
	text := "USE mysql;\nSET @auth_root_socket = NULL;\n"
	for _, name := range []string{
		prefix + "system_tables", prefix + "performance_tables", prefix + "system_tables_data",
		"fill_help_tables", "maria_add_gis_sp_bootstrap", prefix + "sys_schema",
	} {
		script, err := os.ReadFile(filepath.Join(folder, name+".sql"))
		if err != nil {
			return "", fmt.Errorf("script of the system tables: %w", err)
		}
		text += string(script) + "\n"
	}
	return text, nil
}

// CopyData makes the data of a server that is not running another server's.
func CopyData(data, template string) error {
	if err := os.CopyFS(data, os.DirFS(template)); err != nil {
		return fmt.Errorf("copy of %s: %w", template, err)
	}
	// MySQL keeps there what tells one server from another.
	if err := os.Remove(filepath.Join(data, "auto.cnf")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("copy of %s: %w", template, err)
	}
	return nil
}
