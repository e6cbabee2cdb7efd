package failfs

import (
	"io/fs"
	"sync"
	"syscall"

	"github.com/thawlog/thaw/fsabstraction"
)

// Limited returns inner with at most n files open at once: beyond that, Open and ReadDir
// fail with syscall.EMFILE. open returns the number of open files.
func Limited(inner fsabstraction.ReadFS, n int) (limited fsabstraction.ReadFS, open func() int) {
	l := &limitedFS{ReadFS: inner, most: n}
	return l, l.count
}

type limitedFS struct {
	fsabstraction.ReadFS
	most int

	mu   sync.Mutex
	open int
}

func (l *limitedFS) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// take takes one of the n descriptors.
func (l *limitedFS) take(op, name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= l.most {
		return &fs.PathError{Op: op, Path: name, Err: syscall.EMFILE}
	}
	l.open++
	return nil
}

func (l *limitedFS) give() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
}

// Open implements fsabstraction.ReadFS.
func (l *limitedFS) Open(name string) (fsabstraction.File, error) {
	if err := l.take("open", name); err != nil {
		return nil, err
	}
	f, err := l.ReadFS.Open(name)
	if err != nil {
		l.give()
		return nil, err
	}
	return &limitedFile{File: f, fs: l}, nil
}

// ReadDir implements fsabstraction.ReadFS.
func (l *limitedFS) ReadDir(dir string) ([]fsabstraction.Entry, error) {
	if err := l.take("open", dir); err != nil {
		return nil, err
	}
	defer l.give()
	return l.ReadFS.ReadDir(dir)
}

type limitedFile struct {
	fsabstraction.File
	fs   *limitedFS
	once sync.Once
}

// Close implements fsabstraction.File.
func (f *limitedFile) Close() error {
	f.once.Do(f.fs.give)
	return f.File.Close()
}
