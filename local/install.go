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

// Install makes a data folder at data, which must not exist yet, and with it
// the folders above it. Such a folder serves as Config.Template. The folder
// is whole or not there, whatever happens meanwhile. It returns
// ErrNotInstalled where Start would.
func Install(ctx context.Context, data string) error {
	prog, err := findProgram()
	if err != nil {
		return err
	}
	data, err = filepath.Abs(data)
	if err != nil {
		return fmt.Errorf("data folder %s: %w", data, err)
	}
	return prog.makeData(ctx, data, "")
}

// makeData makes a data folder under another name, as a copy of template if
// there is one, and renames it when it is whole.
func (p program) makeData(ctx context.Context, data, template string) error {
	unfinished := data + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("unfinished installation: %w", err)
	}
	if err := os.MkdirAll(unfinished, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	fill := func() error { return p.installInto(ctx, unfinished) }
	if template != "" {
		fill = func() error { return copyData(unfinished, template) }
	}
	if err := fill(); err != nil {
		return errors.Join(err, os.RemoveAll(unfinished))
	}
	if err := os.Rename(unfinished, data); err != nil {
		return fmt.Errorf("finished installation: %w", err)
	}
	return nil
}

// installInto runs the installer over one folder. Its output becomes part of
// the error.
func (p program) installInto(ctx context.Context, data string) error {
	// The installer is bound to the life of the thread that starts it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	command := p.installCommand(data)
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
