package fileid

import (
	"io/fs"
	"os"
	"syscall"

	"github.com/thawlog/thaw/fsabstraction"
)

// index identifies a file on Windows.
type index struct{ volume, high, low uint32 }

// FromInfo returns the zero Identity: on Windows a FileInfo keeps only the path and looks
// up the number later, when the path may mean another file.
func FromInfo(fs.FileInfo) fsabstraction.Identity {
	return fsabstraction.Identity{}
}

// FromFile returns the Identity of the open file f, or the zero Identity if the system does
// not return one.
func FromFile(f *os.File, _ fs.FileInfo) fsabstraction.Identity {
	conn, err := f.SyscallConn()
	if err != nil {
		return fsabstraction.Identity{}
	}
	var id fsabstraction.Identity
	// Control fails only on a closed file; id is then zero.
	_ = conn.Control(func(handle uintptr) {
		var d syscall.ByHandleFileInformation
		if syscall.GetFileInformationByHandle(syscall.Handle(handle), &d) == nil {
			id = fsabstraction.NewIdentity(index{volume: d.VolumeSerialNumber, high: d.FileIndexHigh, low: d.FileIndexLow})
		}
	})
	return id
}
