package crashfs

// Kind is the kind of an operation.
type Kind uint8

// The changing operations. Lock creating a file is not among them: it is neither counted
// nor announced.
const (
	Create Kind = iota + 1
	WriteAt
	Truncate
	Sync
	SyncDir
	Rename
	Remove
	MkdirAll
	Link
	Clone
	RenameDir
)

var kinds = [...]string{"", "Create", "WriteAt", "Truncate", "Sync", "SyncDir", "Rename", "Remove", "MkdirAll", "Link", "Clone", "RenameDir"}

// String returns the method name.
func (k Kind) String() string {
	if int(k) < len(kinds) && k > 0 {
		return kinds[k]
	}
	return "unknown operation"
}

// Op is one changing operation before it takes effect. Calls that change nothing are none:
// failing calls, a WriteAt of no bytes, a MkdirAll of an existing directory, a Rename of a
// name to itself.
type Op struct {
	N       int // 1 for the first of its FS
	Kind    Kind
	Name    string // as the caller gave it; for a handle, the name it was opened at
	NewName string // of Rename, RenameDir and Link; of Clone the source
	Offset  int64  // of WriteAt
	Data    []byte // of WriteAt: the caller's slice, not a copy
	Size    int64  // of Truncate

	file *file // of WriteAt: Name may now mean another file
}
