package cli

import (
	"errors"
	"syscall"
)

const (
	errNoData    syscall.Errno = 232 // ERROR_NO_DATA: the pipe is being closed
	errDirectory syscall.Errno = 267 // ERROR_DIRECTORY: the directory name is invalid
)

func pipeClosed(err error) bool {
	return errors.Is(err, syscall.ERROR_BROKEN_PIPE) || errors.Is(err, errNoData)
}

func notDirectory(err error) bool {
	return errors.Is(err, syscall.ENOTDIR) || errors.Is(err, errDirectory)
}
