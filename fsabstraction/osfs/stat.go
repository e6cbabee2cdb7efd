package osfs

import (
	"os"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/internal/fileid"
)

// Lstat implements fsabstraction.ReadFS.
func (FS) Lstat(name string) (fsabstraction.Info, error) {
	fi, err := os.Lstat(name)
	if err != nil {
		return fsabstraction.Info{}, err
	}
	id := fileid.FromInfo(fi)
	if !id.Known() && fi.Mode().IsRegular() {
		return lstatByHandle(name, fi)
	}
	return info(fi, id), nil
}

// lstatByHandle is for platforms where only a handle identifies a file. An unreadable file
// still has an Info, without Identity.
func lstatByHandle(name string, named os.FileInfo) (fsabstraction.Info, error) {
	f, err := openExisting(name, os.O_RDONLY)
	if err != nil {
		return info(named, fsabstraction.Identity{}), nil
	}
	defer f.Close()
	return statFile(f)
}

func statFile(f *os.File) (fsabstraction.Info, error) {
	fi, err := f.Stat()
	if err != nil {
		return fsabstraction.Info{}, err
	}
	return info(fi, fileid.FromFile(f, fi)), nil
}

func info(fi os.FileInfo, id fsabstraction.Identity) fsabstraction.Info {
	i := fsabstraction.Info{
		Type:     fsabstraction.TypeOf(fi.Mode()),
		ModTime:  fi.ModTime().UnixNano(),
		Identity: id,
	}
	if i.Type == fsabstraction.Regular {
		i.Size = fi.Size()
	}
	return i
}
