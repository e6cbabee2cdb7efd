package osfs

import (
	"path/filepath"

	"github.com/thawlog/thaw/fsabstraction"
)

var _ fsabstraction.LinkResolver = FS{}

// ResolveLinks implements fsabstraction.LinkResolver.
func (FS) ResolveLinks(name string) (string, error) { return filepath.EvalSymlinks(name) }
