package localtest

import "syscall"

// room returns the free bytes of a file system that is there and may be written
// to, or 0.
func room(folder string) uint64 {
	var stat syscall.Statfs_t
	if syscall.Access(folder, 2) != nil || syscall.Statfs(folder, &stat) != nil { // W_OK
		return 0
	}
	return stat.Bavail * uint64(stat.Bsize)
}
