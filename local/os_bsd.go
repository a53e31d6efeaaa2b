//go:build unix && !linux

package local

import "syscall"

// bound returns attributes of a process in a group of its own, which an
// interrupt from the terminal does not reach. These systems cannot bind it to
// the life of this process.
func bound() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
