package crashfs

// Kind says what an operation does.
type Kind uint8

// The operations that change something. Making a file by Lock is not among
// them: it is neither counted nor announced.
const (
	Create Kind = iota + 1
	WriteAt
	Truncate
	Sync
	SyncDir
	Rename
	Remove
	MkdirAll
)

var kinds = [...]string{"", "Create", "WriteAt", "Truncate", "Sync", "SyncDir", "Rename", "Remove", "MkdirAll"}

// String returns the name of the method.
func (k Kind) String() string {
	if int(k) < len(kinds) && k > 0 {
		return kinds[k]
	}
	return "unknown operation"
}

// Op is one operation that is about to change something. Calls that change
// nothing are none: those that fail, a WriteAt of no bytes, a MkdirAll of what is
// there, a Rename onto itself.
type Op struct {
	N       int // 1 for the first of its FS
	Kind    Kind
	Name    string // as the caller gave it, for a handle when it was opened
	NewName string // of Rename
	Offset  int64  // of WriteAt
	Data    []byte // of WriteAt: the caller's slice, not a copy
	Size    int64  // of Truncate

	file *file // of WriteAt: by now Name can mean another file
}
