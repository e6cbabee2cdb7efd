package failfs

import "path/filepath"

// Kind is a set of operations.
type Kind uint32

// The operations are named after their methods. Size and Stat of a handle are both Stat.
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
	Link
	Clone
	RenameDir
)

// Sets of operations.
const (
	Reads   = ReadDir | Open | Lstat | ReadAt | Stat
	Changes = Create | Rename | Remove | MkdirAll | SyncDir | WriteAt | Truncate | Sync | Link | Clone | RenameDir
)

// Op is one call.
type Op struct {
	Kind    Kind   // exactly one
	Name    string // as the caller gave it; for a handle or lock, the name it was opened at
	NewName string // of Rename, RenameDir and Link; of Clone the source
	Offset  int64  // of ReadAt and WriteAt
	Len     int    // of ReadAt and WriteAt, in bytes
	Size    int64  // of Truncate
}

// matches reports whether pattern matches the last element of one of op's names.
func (op Op) matches(pattern string) bool {
	for _, name := range []string{op.Name, op.NewName} {
		if ok, _ := filepath.Match(pattern, filepath.Base(name)); ok && name != "" {
			return true
		}
	}
	return false
}
