package fsabstraction

// PrivateCreator is an optional interface of an FS whose files have permissions.
type PrivateCreator interface {
	// CreatePrivate is FS.Create of a file that only its owner may read and write.
	CreatePrivate(name string) (WriteFile, error)
}
