package main

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// dropPages writes the file's dirty pages back, which cannot be dropped, and drops all.
func dropPages(f *os.File) error {
	return errors.Join(unix.Fsync(int(f.Fd())), unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED))
}

// canDropPages says whether dropPages works on this system.
const canDropPages = true

// room is how many bytes of the disk a file has; a sparse one has less than its size.
func room(info fs.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Blocks * 512
	}
	return info.Size()
}

// bootID is another one after every start of the system, when the page cache is empty.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}
