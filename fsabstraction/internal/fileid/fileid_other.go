//go:build !unix && !js && !wasip1 && !windows

package fileid

import (
	"io/fs"
	"os"

	"github.com/thawlog/thaw/fsabstraction"
)

// FromInfo returns the zero Identity: nothing is known about this platform.
func FromInfo(fs.FileInfo) fsabstraction.Identity {
	return fsabstraction.Identity{}
}

// FromFile returns the zero Identity: nothing is known about this platform.
func FromFile(*os.File, fs.FileInfo) fsabstraction.Identity {
	return fsabstraction.Identity{}
}
