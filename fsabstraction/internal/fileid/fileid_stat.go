//go:build unix || js || wasip1

package fileid

import (
	"io/fs"
	"os"
	"syscall"

	"github.com/thawlog/thaw/fsabstraction"
)

// inode identifies a file on systems that have stat.
type inode struct{ device, number uint64 }

// FromInfo returns the Identity of the file described by info, or the zero Identity if info
// has none.
func FromInfo(info fs.FileInfo) fsabstraction.Identity {
	// Some hosts of WebAssembly modules report 0 for every file.
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Ino == 0 {
		return fsabstraction.Identity{}
	}
	return fsabstraction.NewIdentity(inode{device: uint64(st.Dev), number: uint64(st.Ino)})
}

// FromFile returns the Identity of the open file f, whose FileInfo is info.
func FromFile(_ *os.File, info fs.FileInfo) fsabstraction.Identity {
	return FromInfo(info)
}
