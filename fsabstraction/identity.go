package fsabstraction

// Identity stands for one file whatever it is called: two handles or names have
// equal Identities exactly when they are the same file at that moment. It is
// how a reader notices that a name was given to another file by a rename, and
// it can be a map key, for example to refuse opening one store twice.
//
// The zero Identity means unknown and must not be compared; ask Known, or use
// SameFile, which does. An Identity is meaningful only while a handle
// on the file is open: systems give a deleted file's number to a new one.
type Identity struct {
	key any
}

// NewIdentity makes an Identity from key, which must be comparable and unequal
// to the key of any other file. Implementations use a type of their own for the
// key, which keeps files of different file systems apart. A nil key gives the
// zero Identity.
func NewIdentity(key any) Identity {
	return Identity{key: key}
}

// Known reports whether the file system could identify the file.
func (id Identity) Known() bool {
	return id.key != nil
}

// SameFile reports whether a and b are known to be the same file. Two files
// that could not be identified are not known to be the same.
func SameFile(a, b Identity) bool {
	return a.Known() && a == b
}
