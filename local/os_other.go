//go:build !unix

package local

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Without unix sockets and locks of files there are no local servers: the
// first of these functions that Start calls refuses.

func lockFolder(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func unlockFolder(file *os.File) error { return file.Close() }

func lockHolder(string) (int, error) { return 0, errors.ErrUnsupported }

func killGroup(process *os.Process) error { return process.Kill() }

func ownedByUs(fs.FileInfo) bool { return false }

func bound() *syscall.SysProcAttr { return nil }
