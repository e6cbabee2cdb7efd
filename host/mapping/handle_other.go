//go:build !linux

package mapping

import (
	"golang.org/x/exp/mmap"

	"github.com/thawlog/thaw/fsabstraction"
)

// mapHandle maps f by its path, as there is no portable way through its descriptor.
func mapHandle(f fsabstraction.PathFile, id fsabstraction.Identity) (*mmap.ReaderAt, error) {
	return mapPath(f, id, mmap.Open)
}
