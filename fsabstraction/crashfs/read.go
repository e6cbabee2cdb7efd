package crashfs

import "github.com/thawlog/thaw/fsabstraction"

// ReadDir implements fsabstraction.ReadFS.
func (s *FS) ReadDir(dir string) ([]fsabstraction.Entry, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	d, err := s.directory("readdir", dir)
	if err != nil {
		return nil, err
	}
	entries := make([]fsabstraction.Entry, 0, len(d.live))
	for _, e := range d.live {
		entries = append(entries, fsabstraction.Entry{Name: e.name, Type: e.typ()})
	}
	return entries, nil
}

// Open implements fsabstraction.ReadFS.
func (s *FS) Open(name string) (fsabstraction.File, error) {
	h, err := s.open(name)
	if err != nil {
		return nil, err
	}
	return h, nil
}

// OpenWrite implements fsabstraction.FS.
func (s *FS) OpenWrite(name string) (fsabstraction.WriteFile, error) {
	h, err := s.open(name)
	if err != nil {
		return nil, err
	}
	return &writeHandle{handle{fs: s, file: h.file, path: name}}, nil
}

func (s *FS) open(name string) (*handle, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	f, err := s.regular("open", name)
	if err != nil {
		return nil, err
	}
	return &handle{fs: s, file: f, path: name}, nil
}

// Lstat implements fsabstraction.ReadFS.
func (s *FS) Lstat(name string) (fsabstraction.Info, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, err := s.lookup("lstat", name)
	if err != nil {
		return fsabstraction.Info{}, err
	}
	if e.file != nil {
		return e.file.info(), nil
	}
	return fsabstraction.Info{Type: fsabstraction.Directory, Identity: fsabstraction.NewIdentity(e.dir)}, nil
}

func (e entry) typ() fsabstraction.Type {
	if e.dir != nil {
		return fsabstraction.Directory
	}
	return fsabstraction.Regular
}

func (f *file) info() fsabstraction.Info {
	return fsabstraction.Info{
		Size:     f.live.size,
		Type:     fsabstraction.Regular,
		ModTime:  f.modTime,
		Identity: fsabstraction.NewIdentity(f),
	}
}
