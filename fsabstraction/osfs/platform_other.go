//go:build !unix && !windows

package osfs

import "os"

// open relies on the check by name alone: these platforms have no flag that refuses links,
// and their directories hold no pipes.
func open(name string, flag int, perm os.FileMode) (*os.File, error) {
	return os.OpenFile(name, flag, perm)
}

func rename(oldName, newName string) error { return os.Rename(oldName, newName) }

const dirTimes = false
