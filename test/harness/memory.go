package harness

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Memory returns what the process has in memory, and the most that it has had
// since the last ForgetPeak, in bytes.
func (p *Process) Memory(t testing.TB) (now, peak int64) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		t.Skipf("the memory of a process is not to be had here: %v", err)
	}
	return field(t, string(text), "VmRSS"), field(t, string(text), "VmHWM")
}

// ForgetPeak makes the most that the process has had in memory what it has now.
func (p *Process) ForgetPeak(t testing.TB) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.PID()), []byte("5"), 0); err != nil {
		t.Skipf("the memory of a process is not to be had here: %v", err)
	}
}

func field(t testing.TB, status, name string) int64 {
	t.Helper()
	_, rest, _ := strings.Cut(status, name+":")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kib, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return kib << 10
}
