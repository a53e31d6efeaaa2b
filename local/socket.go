package local

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// maxSocketPath is the longest path of a socket, in bytes: the system's
// limit is 103 on macOS and 107 on Linux.
const maxSocketPath = 100

// A socketDir says where the sockets of a cluster's servers are: in the
// servers' own folders or, where these lie too deep for a socket's path, in a
// folder among the temporary files, named after the cluster's.
type socketDir struct {
	dir   string // the cluster's folder
	short string // the folder among the temporary files; empty if not needed
}

func socketsOf(dir string, count int) socketDir {
	d := socketDir{dir: dir}
	if len(d.path(count)) > maxSocketPath {
		hash := sha256.Sum256([]byte(dir))
		d.short = filepath.Join(os.TempDir(), fmt.Sprintf("databalancer-%x", hash[:8]))
	}
	return d
}

// path returns the path of server n's socket.
func (d socketDir) path(n int) string {
	if d.short != "" {
		return filepath.Join(d.short, strconv.Itoa(n)+".sock")
	}
	return filepath.Join(d.dir, strconv.Itoa(n), "mysql.sock")
}

// create makes the folder among the temporary files if it is needed. One that
// exists must belong to this user alone: whoever enters it is the servers'
// root.
func (d socketDir) create() error {
	if d.short == "" {
		return nil
	}
	if path := d.path(1); len(path) > maxSocketPath {
		return fmt.Errorf("socket %s: the path is over %d bytes long; set TMPDIR to a shorter one", path, maxSocketPath)
	}
	err := os.Mkdir(d.short, 0o700)
	if !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(d.short)
	if err != nil {
		return err
	}
	if !info.IsDir() || info.Mode().Perm() != 0o700 || !ownedByUs(info) {
		return fmt.Errorf("folder for sockets %s: exists and is not this user's own with mode 0700", d.short)
	}
	return nil
}

func (d socketDir) remove() error {
	if d.short == "" {
		return nil
	}
	return os.RemoveAll(d.short)
}
