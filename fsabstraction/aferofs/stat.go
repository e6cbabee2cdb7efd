package aferofs

import (
	"io/fs"
	"os"
	"sort"

	"github.com/spf13/afero"
	"github.com/spf13/afero/mem"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/internal/fileid"
)

// ReadDir implements fsabstraction.ReadFS.
func (a *FS) ReadDir(dir string) ([]fsabstraction.Entry, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.readDir(dir)
}

func (a *FS) readDir(dir string) ([]fsabstraction.Entry, error) {
	if err := a.requireDirectory("readdir", dir); err != nil {
		return nil, err
	}
	d, err := a.inner.Open(dir)
	if err != nil {
		return nil, err
	}
	list, err := d.Readdir(-1) // on a disk, one Lstat per name
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, err
	}
	entries := make([]fsabstraction.Entry, len(list))
	for i, fi := range list {
		entries[i] = fsabstraction.Entry{Name: fi.Name(), Type: typeOf(fi)}
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name < entries[j].Name })
	return entries, nil
}

// Lstat implements fsabstraction.ReadFS. An afero.Fs without afero.Lstater has no links.
func (a *FS) Lstat(name string) (fsabstraction.Info, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.lstat(name)
}

func (a *FS) lstat(name string) (fsabstraction.Info, error) {
	var fi fs.FileInfo
	var err error
	if l, ok := a.inner.(afero.Lstater); ok {
		fi, _, err = l.LstatIfPossible(name)
	} else {
		fi, err = a.inner.Stat(name)
	}
	if err != nil {
		return fsabstraction.Info{}, err
	}
	return info(fi, identity(fi)), nil
}

func info(fi fs.FileInfo, id fsabstraction.Identity) fsabstraction.Info {
	i := fsabstraction.Info{Type: typeOf(fi), ModTime: fi.ModTime().UnixNano(), Identity: id}
	if i.Type == fsabstraction.Regular {
		i.Size = fi.Size()
	}
	return i
}

// typeOf also checks IsDir, because MemMapFs can have directories without the mode bit.
func typeOf(fi fs.FileInfo) fsabstraction.Type {
	if fi.IsDir() {
		return fsabstraction.Directory
	}
	return fsabstraction.TypeOf(fi.Mode())
}

// identity identifies files of MemMapFs, where all handles and names of a file share one
// FileData, and files with an operating system's FileInfo.
func identity(fi fs.FileInfo) fsabstraction.Identity {
	if m, ok := fi.(*mem.FileInfo); ok {
		return fsabstraction.NewIdentity(m.FileData)
	}
	return fileid.FromInfo(fi)
}

// fileIdentity is identity for a handle, which identifies a file on platforms where a
// FileInfo does not.
func fileIdentity(f afero.File, fi fs.FileInfo) fsabstraction.Identity {
	if o, ok := f.(*os.File); ok {
		return fileid.FromFile(o, fi)
	}
	return identity(fi)
}
