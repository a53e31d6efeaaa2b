//go:build unix

package local_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/local"
	"github.com/kolide/databalancer/local/localtest"
)

// childVariable makes this test binary open a cluster over the folder that it
// names, say so, and wait to be killed.
const childVariable = "LOCAL_TEST_CHILD"

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func childMain(dir string) {
	program, err := local.Find(os.Getenv("DATABALANCER_TEST_SERVER"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	c, err := local.Start(context.Background(), local.Config{Dir: dir, Count: 1, Program: program, Logger: quiet})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("started", c.Sockets()[0])
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// startChild starts a process that has a cluster over the folder open.
func startChild(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "started") {
		t.Fatalf("child: %q %v", line, err)
	}
	return cmd
}

func TestServersDieWithTheProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: only Linux binds servers to the process")
	}
	program := localtest.Program(t)
	dir := t.TempDir()
	closeCluster(t, start(t, dir, 1)) // installs
	child := startChild(t, dir)

	_, err := local.Start(t.Context(), local.Config{Dir: dir, Count: 1, Program: program, Logger: quiet})
	if !errors.Is(err, local.ErrLocked) || !strings.Contains(err.Error(), dir) {
		t.Errorf("start beside another process: %v", err)
	}
	if len(processes(t, "--socket="+dir)) != 1 {
		t.Fatal("the child's server is not running")
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()
	// At once: what the dead process left must not be in the way.
	c := start(t, dir, 1)
	query(t, c.Sockets()[0], "SELECT 1")
	if running := processes(t, "--socket="+dir); len(running) != 1 {
		t.Errorf("processes over the folder: %v", running)
	}
}

// TestDataInUse has a server over the data that no supervisor knows of, as a
// killed process leaves one behind where the system does not bind it.
func TestDataInUse(t *testing.T) {
	notTiDB(t, "lock that InnoDB's servers put on their data")
	program := localtest.Program(t)
	dir := t.TempDir()
	closeCluster(t, start(t, dir, 1))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	args := []string{"--datadir=" + dir + "/1/data", "--tmpdir=" + dir, "--socket=" + dir + "/stray", "--skip-networking", "--user=root"}
	if program.Kind == local.MySQL {
		args = append(args, "--mysqlx=OFF", "--secure-file-priv=NULL")
	}
	stray := exec.CommandContext(ctx, program.Path, args...)
	if err := stray.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the stray server", func() bool { _, err := os.Stat(dir + "/stray"); return err == nil })

	started := make(chan error, 1)
	var c *local.Cluster
	go func() {
		var err error
		c, err = local.Start(context.Background(), local.Config{Dir: dir, Count: 1, Program: program, Logger: quiet})
		started <- err
	}()
	select {
	case err := <-started:
		t.Fatalf("started over data in use: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	cancel()
	stray.Wait()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	closeCluster(t, c)
	log, err := os.ReadFile(filepath.Join(dir, "1", "server.log"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(log), "Unable to lock") {
		t.Error("a server was started while its data were in use")
	}
}
