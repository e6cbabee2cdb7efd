package failfs

import "path/filepath"

// Kind is a set of operations.
type Kind uint32

// The operations, each the method of its name. Size and Stat of a handle are
// both Stat.
const (
	ReadDir Kind = 1 << iota
	Open
	Lstat
	ReadAt
	Stat
	OpenWrite
	Create
	Rename
	Remove
	MkdirAll
	SyncDir
	Lock
	WriteAt
	Truncate
	Sync
	Close
	Unlock
)

// Sets of operations.
const (
	Reads   = ReadDir | Open | Lstat | ReadAt | Stat
	Changes = Create | Rename | Remove | MkdirAll | SyncDir | WriteAt | Truncate | Sync
)

// Op is a call that was made.
type Op struct {
	Kind    Kind   // one
	Name    string // as the caller gave it, for a handle or lock when it was opened
	NewName string // of Rename
	Offset  int64  // of ReadAt and WriteAt
	Len     int    // of ReadAt and WriteAt, in bytes
	Size    int64  // of Truncate
}

// matches reports whether pattern matches the last part of a name of op.
func (op Op) matches(pattern string) bool {
	for _, name := range []string{op.Name, op.NewName} {
		if ok, _ := filepath.Match(pattern, filepath.Base(name)); ok && name != "" {
			return true
		}
	}
	return false
}
