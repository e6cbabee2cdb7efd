package failfs

import "github.com/thawlog/thaw/fsabstraction"

type file struct {
	fs    *FS
	inner fsabstraction.File
	name  string
}

type writeFile struct {
	file
	inner fsabstraction.WriteFile
}

// ReadAt implements fsabstraction.File.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	return f.fs.transfer(Op{Kind: ReadAt, Name: f.name, Offset: off}, p, func(p []byte) (int, error) {
		return f.inner.ReadAt(p, off)
	})
}

// Size implements fsabstraction.File.
func (f *file) Size() (int64, error) {
	return get(f.fs, Op{Kind: Stat, Name: f.name}, f.inner.Size, func(int64) {})
}

// Stat implements fsabstraction.File.
func (f *file) Stat() (fsabstraction.Info, error) {
	return get(f.fs, Op{Kind: Stat, Name: f.name}, f.inner.Stat, func(fsabstraction.Info) {})
}

// Close implements fsabstraction.File.
func (f *file) Close() error {
	return f.fs.release(Op{Kind: Close, Name: f.name}, f.inner.Close)
}

// WriteAt implements fsabstraction.WriteFile.
func (w *writeFile) WriteAt(p []byte, off int64) (int, error) {
	return w.fs.transfer(Op{Kind: WriteAt, Name: w.name, Offset: off}, p, func(p []byte) (int, error) {
		return w.inner.WriteAt(p, off)
	})
}

// Truncate implements fsabstraction.WriteFile.
func (w *writeFile) Truncate(size int64) error {
	return w.fs.do(Op{Kind: Truncate, Name: w.name, Size: size}, func() error { return w.inner.Truncate(size) })
}

// Sync implements fsabstraction.WriteFile.
func (w *writeFile) Sync() error {
	return w.fs.do(Op{Kind: Sync, Name: w.name}, w.inner.Sync)
}

// release is do for calls that must always take effect, lest they leak.
func (s *FS) release(op Op, call func() error) error {
	r := s.failing(op)
	err := call()
	if r != nil {
		return r.Err
	}
	return err
}
