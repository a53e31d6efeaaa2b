package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
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
		fill = func() error { return copyData(unfinished, template) }
	}
	if err := fill(); err != nil {
		return errors.Join(err, os.RemoveAll(unfinished))
	}
	if err := os.Rename(unfinished, s.data); err != nil {
		return fmt.Errorf("finished installation: %w", err)
	}
	return nil
}

// installInto runs the installer over one folder. Its output becomes part of
// the error.
func (s *server) installInto(ctx context.Context, data string) error {
	// The installer is bound to the life of the thread that starts it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	command := s.prog.installCommand(data, s.tmp)
	cmd := exec.CommandContext(ctx, command.Path, command.Args[1:]...)
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

// copyData copies the data of a server that is not running.
func copyData(data, template string) error {
	if err := os.CopyFS(data, os.DirFS(template)); err != nil {
		return fmt.Errorf("copy of %s: %w", template, err)
	}
	// MySQL keeps there what tells one server from another.
	if err := os.Remove(filepath.Join(data, "auto.cnf")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("copy of %s: %w", template, err)
	}
	return nil
}
