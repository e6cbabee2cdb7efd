package main

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// evictFile writes the file's dirty pages back, which cannot be dropped, and drops the rest.
func evictFile(file *os.File) error {
	return errors.Join(
		unix.Fdatasync(int(file.Fd())),
		unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED),
	)
}
