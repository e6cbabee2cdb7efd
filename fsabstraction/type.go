package fsabstraction

import "io/fs"

// Type says what a name stands for. The zero value is Other, so a Type that
// nobody set never passes for a file that may be read.
type Type uint8

// The kinds of directory entry that thaw tells apart.
const (
	Other     Type = iota // a device, pipe, socket or anything else
	Regular               // a file with contents
	Directory             // a directory
	Symlink               // a symbolic link, whatever it points to
)

// TypeOf returns the Type that the type bits of mode express.
func TypeOf(mode fs.FileMode) Type {
	switch mode.Type() {
	case 0:
		return Regular
	case fs.ModeDir:
		return Directory
	case fs.ModeSymlink:
		return Symlink
	default:
		// Some systems set two bits at once, for example ModeSymlink and
		// ModeIrregular on Windows. Such a name is none of the three.
		return Other
	}
}

// String returns a lower-case noun for messages, such as "regular file".
func (t Type) String() string {
	switch t {
	case Regular:
		return "regular file"
	case Directory:
		return "directory"
	case Symlink:
		return "symbolic link"
	default:
		return "special file"
	}
}

// Entry is one name in a directory, as ReadDir found it.
type Entry struct {
	Name string // without the directory; never "." or ".."
	Type Type   // of the name itself: a link is Symlink, not what it points to
}

// Info describes a file at the moment it was asked for.
type Info struct {
	Size     int64    // in bytes; 0 unless Type is Regular
	Type     Type     // of the name itself, links are not followed
	ModTime  int64    // last change of the contents, in nanoseconds since 1970 UTC
	Identity Identity // zero when the file system cannot tell files apart
}
