package failfs

import "github.com/thawlog/thaw/fsabstraction"

// Open implements fsabstraction.ReadFS.
func (s *FS) Open(name string) (fsabstraction.File, error) {
	f, err := get(s, Op{Kind: Open, Name: name}, func() (fsabstraction.File, error) {
		return s.inner.Open(name)
	}, func(f fsabstraction.File) { f.Close() })
	if err != nil {
		return nil, err
	}
	return &file{fs: s, inner: f, name: name}, nil
}

// OpenWrite implements fsabstraction.FS.
func (s *FS) OpenWrite(name string) (fsabstraction.WriteFile, error) {
	return s.openWrite(OpenWrite, name, s.inner.OpenWrite)
}

// Create implements fsabstraction.FS.
func (s *FS) Create(name string) (fsabstraction.WriteFile, error) {
	return s.openWrite(Create, name, s.inner.Create)
}

func (s *FS) openWrite(kind Kind, name string, open func(string) (fsabstraction.WriteFile, error)) (fsabstraction.WriteFile, error) {
	w, err := get(s, Op{Kind: kind, Name: name}, func() (fsabstraction.WriteFile, error) {
		return open(name)
	}, func(w fsabstraction.WriteFile) { w.Close() })
	if err != nil {
		return nil, err
	}
	return &writeFile{file: file{fs: s, inner: w, name: name}, inner: w}, nil
}
