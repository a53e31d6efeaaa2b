package local

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// A Kind of server program: how its data are made, and what its arguments are
// called.
type Kind int

const (
	MariaDB Kind = iota + 1
	MySQL
	// TiDB runs with the store that is embedded in it, which promises nothing
	// of the data after a crash: it is for tests alone.
	TiDB
)

func (k Kind) String() string { return [...]string{"", "MariaDB", "MySQL", "TiDB"}[k] }

// A Program is the server software that a Cluster runs. Find makes it.
type Program struct {
	Path string
	Kind Kind
	// first is what every command line begins with. Without --no-defaults the
	// servers read the machine's configuration files.
	first []string
}

// ErrNotInstalled is returned by Find and Start when this machine has no
// server program, or not what it takes to set up data for one.
var ErrNotInstalled = errors.New("no MariaDB or MySQL server is installed on this machine (Debian and Ubuntu: apt-get install mariadb-server-core; Fedora: dnf install mariadb-server; macOS: brew install mariadb)")

// serverFolders are searched after PATH: distributions put servers where
// only root's PATH leads.
var serverFolders = []string{"/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/bin", "/opt/homebrew/bin"}

// Find looks at a server program: mariadbd, mysqld, tidb-server, or a script
// that becomes one of them with further arguments. Without a path it is the
// machine's, MariaDB's if there are two, or ErrNotInstalled.
func Find(path string) (Program, error) {
	if path == "" {
		var ok bool
		if path, ok = lookUp("mariadbd", "mysqld"); !ok {
			return Program{}, ErrNotInstalled
		}
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return Program{}, fmt.Errorf("server program: %w", err)
	}
	p := Program{Path: path, first: []string{"--no-defaults"}}
	version, err := p.output("-V")
	if err != nil { // only TiDB's knows no --no-defaults
		p.first = nil
		version, err = p.output("-V")
	}
	switch {
	case err != nil:
		return Program{}, fmt.Errorf("version of the server program %s: %w", path, err)
	case strings.Contains(version, "MariaDB"):
		p.Kind = MariaDB
	case strings.Contains(version, "Git Commit Hash"):
		p.Kind = TiDB
	case strings.Contains(version, " Ver "):
		p.Kind = MySQL
		p.checkFirst()
	default:
		return Program{}, fmt.Errorf("server program %s is neither MariaDB's nor MySQL's: it calls itself %.100q", path, version)
	}
	return p, nil
}

// checkFirst finds out whether a script passes --no-defaults itself: MySQL
// takes it only once, and only in front.
func (p *Program) checkFirst() {
	_, err := p.output(append(asRoot(), "--validate-config", "--secure-file-priv=NULL")...)
	var exit *exec.ExitError
	if errors.As(err, &exit) && bytes.Contains(exit.Stderr, []byte("--no-defaults")) {
		p.first = nil
	}
}

// args returns a whole command line's arguments.
func (p *Program) args(further ...string) []string {
	return append(p.first[:len(p.first):len(p.first)], further...)
}

// output runs the program to learn something.
func (p *Program) output(args ...string) (string, error) {
	out, err := exec.Command(p.Path, p.args(args...)...).Output()
	return string(out), err
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

// owns refuses data that a server of another kind made: a machine may have got
// another one since.
func (p *Program) owns(data string) error {
	for kind, file := range map[Kind]string{MariaDB: "aria_log_control", MySQL: "mysql.ibd"} {
		if _, err := os.Stat(filepath.Join(data, file)); err == nil && kind != p.Kind {
			return fmt.Errorf("%s holds the data of a %s server, and %s is %s's", data, kind, p.Path, p.Kind)
		}
	}
	return nil
}

// serverArgs returns the arguments of a server, for a machine that has other
// things to do as well. A commit is on the disk when it is acknowledged.
func (p *Program) serverArgs(s *server, extra []string) []string {
	args := p.args("--socket=" + s.socket)
	if p.Kind == TiDB {
		return append(append(args,
			"--store=unistore",
			"--path="+s.data,
			"--temp-dir="+s.tmp,
			"--host=", // no TCP, but for the port where it asks itself what it runs
			"--status-host=127.0.0.1",
			"--status="+strconv.Itoa(freePort()),
			"-L=error",
		), extra...)
	}
	args = append(args,
		"--datadir="+s.data,
		"--tmpdir="+s.tmp,
		"--skip-networking",
		"--skip-name-resolve",
		"--skip-log-bin",
		"--character-set-server=utf8mb4",
		"--performance-schema=OFF",
		"--max-connections=500",
		"--max-allowed-packet=16M",
		"--innodb-buffer-pool-size=256M",
		"--innodb-flush-log-at-trx-commit=1",
	)
	if p.Kind == MySQL {
		args = append(args,
			"--mysqlx=OFF", // a second protocol, with ports and sockets of its own
			"--secure-file-priv=NULL",
		)
	}
	return append(append(args, asRoot()...), extra...)
}

// freePort returns a TCP port that nobody uses, or 0.
func freePort() int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// asRoot lets a server of MariaDB or MySQL run as root, which it refuses unless
// it is told so.
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
