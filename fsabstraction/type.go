package fsabstraction

import "io/fs"

// Type is the type of a file. The zero value is Other, so that an unset Type never passes
// for a readable file.
type Type uint8

// The types of directory entry that thaw distinguishes.
const (
	Other     Type = iota // a device, pipe, socket or anything else
	Regular               // a file with contents
	Directory             // a directory
	Symlink               // a symbolic link to anything
)

// TypeOf returns the Type for the type bits of mode.
func TypeOf(mode fs.FileMode) Type {
	switch mode.Type() {
	case 0:
		return Regular
	case fs.ModeDir:
		return Directory
	case fs.ModeSymlink:
		return Symlink
	default:
		// Some systems set two bits at once, for example ModeSymlink and ModeIrregular on
		// Windows. Such a name is none of the three.
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

// Entry is one name in a directory.
type Entry struct {
	Name string // without the directory; never "." or ".."
	Type Type   // of the name itself: a link is Symlink, not what it points to
}

// Info describes a file at the time of the call.
type Info struct {
	Size     int64    // in bytes; 0 unless Type is Regular
	Type     Type     // of the name itself; links are not followed
	ModTime  int64    // last change of the contents, in nanoseconds since 1970 UTC
	Identity Identity // zero if the file system cannot identify files
}
