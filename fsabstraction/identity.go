package fsabstraction

// Identity identifies a file under any name: two handles or names have equal Identities
// exactly when they are the same file at that moment. With it a reader notices that a
// rename gave a name to another file. It can be a map key, for example to refuse opening
// one store twice.
//
// The zero Identity means unknown and must not be compared; use Known or SameFile. An
// Identity is meaningful only while a handle of the file is open: systems reuse a deleted
// file's number.
type Identity struct {
	key any
}

// NewIdentity makes an Identity from key, which must be comparable and differ from the key
// of any other file. Implementations use their own type for the key, which keeps files of
// different file systems apart. A nil key gives the zero Identity.
func NewIdentity(key any) Identity {
	return Identity{key: key}
}

// Known reports whether the file system identified the file.
func (id Identity) Known() bool {
	return id.key != nil
}

// SameFile reports whether a and b are known to be the same file. Two unknown Identities
// are not.
func SameFile(a, b Identity) bool {
	return a.Known() && a == b
}
