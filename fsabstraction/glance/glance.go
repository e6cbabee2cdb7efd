// Package glance tells with one call whether a directory still has the names of its last
// listing: by the directory's time, where the file system has times that can be relied on.
//
// Times are coarse. Two changes within one tick of the file system's clock leave the same
// time, and a listing between them has seen only the first. So a time counts only if the
// listing began later than any change with that time: a margin after the time was first
// seen, measured by the clock of this process alone, since a server has its own.
package glance

import (
	"path/filepath"
	"sync"
	"time"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/scarce"
)

const (
	// fineMargin is longer than a tick of any file system with times below a second:
	// 10 ms of exFAT, and 1 to 10 ms of Linux.
	fineMargin = 100 * time.Millisecond
	// coarseMargin is longer than a tick of those with times in seconds: FAT has 2 s.
	coarseMargin = 2500 * time.Millisecond
)

// Directory watches the names in one directory. It is safe for concurrent use.
type Directory struct {
	fs   fsabstraction.ReadFS
	path string
	now  func() time.Time

	mu     sync.Mutex
	info   fsabstraction.Info // as first seen with its time
	seen   time.Time          // when that was; zero before the first listing
	listed bool               // a listing began late enough after seen
}

// New returns a Directory. If fs does not implement fsabstraction.DirTimer, Same is always
// false.
func New(fs fsabstraction.ReadFS, path string) *Directory {
	// With a dot at its end the path leads to a directory even where it is a link.
	return &Directory{fs: inner(fs), path: filepath.Clean(path) + string(filepath.Separator) + ".", now: time.Now}
}

// inner returns the file system if its directories have times, or nil.
func inner(fs fsabstraction.ReadFS) fsabstraction.ReadFS {
	fs = scarce.Inner(fs)
	if t, ok := fs.(fsabstraction.DirTimer); ok && t.DirTimes() {
		return fs
	}
	return nil
}

// Listing must be called just before each listing of the directory.
func (d *Directory) Listing() {
	if d.fs == nil {
		return
	}
	info, err := d.fs.Lstat(d.path)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch now := d.now(); {
	case err != nil:
		d.seen, d.listed = time.Time{}, false
	case d.seen.IsZero() || !same(d.info, info):
		d.info, d.seen, d.listed = info, now, false
	default:
		d.listed = now.Sub(d.seen) >= margin(info)
	}
}

// Forget makes Same false until the next listings, for a caller that could not use the last
// one.
func (d *Directory) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen, d.listed = time.Time{}, false
}

// Same reports whether the directory has the names that the last listing found. It is false
// if that is not certain. It makes at most one call.
func (d *Directory) Same() bool {
	if d.fs == nil {
		return false
	}
	d.mu.Lock()
	was, listed := d.info, d.listed
	d.mu.Unlock()
	if !listed {
		return false
	}
	info, err := d.fs.Lstat(d.path)
	return err == nil && same(was, info)
}

func same(a, b fsabstraction.Info) bool {
	return a.ModTime == b.ModTime && fsabstraction.SameFile(a.Identity, b.Identity) &&
		b.Type == fsabstraction.Directory
}

func margin(info fsabstraction.Info) time.Duration {
	if info.ModTime%int64(time.Second) == 0 {
		return coarseMargin
	}
	return fineMargin
}
