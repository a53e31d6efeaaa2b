package localtest

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kolide/databalancer/local"
)

const (
	memoryFolder = "/dev/shm" // a file system in memory, on Linux
	// plenty is how much free memory it takes for servers' data to be there. A
	// MySQL server's are some 150 MiB, and few test binaries run at once.
	plenty = 8 << 30 // bytes
)

// Template makes the data of a server of MariaDB or MySQL below a folder: of
// one that was started and shut down. It returns the folder of the data itself.
// TiDB has none.
func Template(ctx context.Context, program local.Program, folder string) (data string, err error) {
	first := &instance{cfg: serverConfig(program, folder, nil)}
	if err := first.start(ctx); err != nil {
		return "", err
	}
	if err := first.stop(); err != nil {
		return "", err
	}
	return first.data(), nil
}

// Folder returns the folder for the files of tests' servers.
func Folder() string {
	if os.Getenv("TMPDIR") == "" && min(freeMemory("/proc/meminfo"), room(memoryFolder)) >= plenty {
		return memoryFolder
	}
	return os.TempDir()
}

// freeMemory returns the bytes that processes may still take, by Linux's
// meminfo (proc(5)); 0 where that is not known.
func freeMemory(meminfo string) uint64 {
	file, err := os.Open(meminfo)
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) == 3 && fields[0] == "MemAvailable:" {
			kilobytes, _ := strconv.ParseUint(fields[1], 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}

// sweep removes the folders of test binaries that were killed before they
// could do so. Their servers are gone with them.
func sweep() {
	folders, _ := filepath.Glob(filepath.Join(Folder(), folderPrefix+"*-*"))
	for _, folder := range folders {
		id, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(folder), folderPrefix), "-")
		if pid, err := strconv.Atoi(id); err == nil && !alive(pid) {
			os.RemoveAll(folder)
		}
	}
}
