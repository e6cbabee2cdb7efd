package aggregate

import "context"

// Cache keeps snapshots. It may lose, mix up and damage them, which a load notices. Its
// methods are called by several goroutines at once.
type Cache interface {
	// Get returns the snapshot with a name, or an error of class fs.ErrNotExist if there is
	// none. The bytes are not changed.
	Get(ctx context.Context, name string) ([]byte, error)
	// Put keeps a snapshot in place of the one before. Names are 32 hexadecimal digits.
	// The bytes do not change afterwards.
	Put(ctx context.Context, name string, snapshot []byte) error
}
