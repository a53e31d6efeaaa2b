package local

import "syscall"

// bound returns attributes of a process in a group of its own, which an
// interrupt from the terminal does not reach, and which the kernel kills when
// the thread that started it ends (prctl(2), PR_SET_PDEATHSIG).
func bound() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
