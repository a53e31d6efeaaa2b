package main

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// describeMachine tells what the figures were measured on. What cannot be
// learned is left out.
func describeMachine(ctx context.Context, server *sql.DB) string {
	parts := []string{fmt.Sprintf("%s, %d cores", cpuModel(), runtime.NumCPU())}
	if kib := procField("/proc/meminfo", "MemTotal"); kib > 0 {
		parts = append(parts, fmt.Sprintf("%.0f GiB memory", float64(kib)/(1<<20)))
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		parts = append(parts, "Linux "+strings.TrimSpace(string(release)))
	}
	parts = append(parts, runtime.Version())
	var version string
	if server.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version) == nil {
		parts = append(parts, version)
	}
	return strings.Join(parts, "; ") + "."
}

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	found := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok {
			found[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	if name := found["model name"]; name != "" && name != "unknown" {
		return name
	}
	if found["vendor_id"] != "" {
		return fmt.Sprintf("%s family %s model %s (%s)", found["vendor_id"], found["cpu family"], found["model"], runtime.GOARCH)
	}
	return runtime.GOARCH
}

// procField returns the number of the line "name: number" in a file of /proc,
// or 0.
func procField(path, name string) int64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		if fields := strings.Fields(value); key == name && len(fields) > 0 {
			n, _ := strconv.ParseInt(fields[0], 10, 64)
			return n
		}
	}
	return 0
}

// memory returns a process's resident memory and its peak since resetPeak, in
// bytes.
func memory(pid int) (now, peak int64) {
	path := fmt.Sprintf("/proc/%d/status", pid)
	return procField(path, "VmRSS") << 10, procField(path, "VmHWM") << 10
}

// resetPeak makes a process's peak of resident memory what it holds now
// (proc(5), clear_refs).
func resetPeak(pid int) error {
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0); err != nil {
		return fmt.Errorf("peak memory: %w", err)
	}
	return nil
}

// ticksPerSecond is the unit of times in /proc/PID/stat, the same on all
// architectures that Linux tells user space about (sysconf(3), USER_HZ).
const ticksPerSecond = 100

// cpuTime returns the time that a process has had on CPUs, user and system.
func cpuTime(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("CPU time: %w", err)
	}
	// The name in parentheses may contain blanks: fields count from its end.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("CPU time: %q", text)
	}
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("CPU time: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond, nil
}
