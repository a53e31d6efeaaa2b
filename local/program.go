package local

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// A program is the server software found on this machine.
type program struct {
	server  string // path of mariadbd or mysqld
	install string // path of mariadb-install-db; empty for MySQL, whose server installs itself
}

// serverFolders are searched after PATH: distributions put servers where
// only root's PATH leads.
var serverFolders = []string{"/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/bin", "/opt/homebrew/bin"}

// findProgram returns the machine's server software, MariaDB's if it has
// both, or ErrNotInstalled.
func findProgram() (program, error) {
	server, ok := lookUp("mariadbd", "mysqld")
	if !ok {
		return program{}, ErrNotInstalled
	}
	version, err := exec.Command(server, "--no-defaults", "--version").Output()
	if err != nil {
		return program{}, fmt.Errorf("version of %s: %w", server, err)
	}
	if !bytes.Contains(version, []byte("MariaDB")) {
		return program{server: server}, nil
	}
	install, ok := lookUp("mariadb-install-db", "mysql_install_db")
	if !ok {
		return program{}, fmt.Errorf("%s without mariadb-install-db: %w", server, ErrNotInstalled)
	}
	return program{server: server, install: install}, nil
}

func lookUp(names ...string) (string, bool) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
		for _, folder := range serverFolders {
			if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
				return path, true
			}
		}
	}
	return "", false
}

// serverArgs returns the arguments of a server, for a machine that has other
// things to do as well. A commit is on the disk when it is acknowledged.
func (p program) serverArgs(s *server, extra []string) []string {
	args := []string{
		"--no-defaults", // must be the first
		"--datadir=" + s.data,
		"--socket=" + s.socket,
		"--tmpdir=" + s.tmp,
		"--pid-file=" + filepath.Join(s.dir, "server.pid"),
		"--skip-networking",
		"--skip-name-resolve",
		"--skip-log-bin",
		"--character-set-server=utf8mb4",
		"--performance-schema=OFF",
		"--max-connections=500",
		"--max-allowed-packet=16M",
		"--innodb-buffer-pool-size=256M",
		"--innodb-flush-log-at-trx-commit=1",
	}
	if p.install == "" {
		args = append(args, "--mysqlx=OFF") // MySQL's second protocol has ports and sockets of its own
	}
	return append(append(args, asRoot()...), extra...)
}

// installCommand returns the command that sets up an empty data folder, whose
// root account has no password. Its temporary files are in a folder of their
// own: a server removes, when it starts, what others seem to have left there.
func (p program) installCommand(data, tmp string) *exec.Cmd {
	if p.install == "" {
		args := append([]string{"--no-defaults", "--initialize-insecure", "--datadir=" + data, "--tmpdir=" + tmp}, asRoot()...)
		return exec.Command(p.server, args...)
	}
	args := append([]string{
		"--no-defaults",
		"--datadir=" + data,
		"--tmpdir=" + tmp,
		"--auth-root-authentication-method=normal",
		"--skip-test-db",
		"--skip-name-resolve",
	}, asRoot()...)
	return exec.Command(p.install, args...)
}

// asRoot lets a server run as root, which it refuses unless it is told so.
func asRoot() []string {
	if os.Geteuid() == 0 {
		return []string{"--user=root"}
	}
	return nil
}

// lastWords returns the end of a server's log file, for an error message.
func lastWords(logFile string) error {
	const limit = 1000
	text, err := os.ReadFile(logFile)
	if err != nil {
		return err
	}
	text = bytes.TrimSpace(text[max(0, len(text)-limit):])
	return errors.New(string(text))
}
