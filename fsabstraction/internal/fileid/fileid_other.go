//go:build !unix && !js && !wasip1 && !windows

package fileid

import (
	"io/fs"
	"os"

	"github.com/thawlog/thaw/fsabstraction"
)

// FromInfo returns the zero Identity: this platform does not identify files.
func FromInfo(fs.FileInfo) fsabstraction.Identity {
	return fsabstraction.Identity{}
}

// FromFile returns the zero Identity: this platform does not identify files.
func FromFile(*os.File, fs.FileInfo) fsabstraction.Identity {
	return fsabstraction.Identity{}
}
