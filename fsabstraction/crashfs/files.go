package crashfs

import (
	"maps"
	"slices"
	"time"
)

// FromFiles returns a file system with copies of files, all durable. The keys are paths;
// their directories are created. It panics if a path is also the directory of another, or
// names the root.
func FromFiles(files map[string][]byte) *FS {
	s := New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		parts := split(name)
		if len(parts) == 0 {
			panic("crashfs: no file name: " + name)
		}
		d := s.root
		for _, part := range parts[:len(parts)-1] {
			e, ok := d.live.get(part)
			if !ok {
				e = entry{name: part, dir: &directory{}}
				d.live = d.live.with(e)
				d.synced = d.live
			}
			if d = e.dir; d == nil {
				panic("crashfs: a file is on the way to " + name)
			}
		}
		base := parts[len(parts)-1]
		if _, ok := d.live.get(base); ok {
			panic("crashfs: twice: " + name)
		}
		f := &file{modTime: time.Now().UnixNano()}
		f.write(files[name], 0)
		f.sync()
		d.live = d.live.with(entry{name: base, file: f})
		d.synced = d.live
	}
	return s
}

// Files returns copies of the current contents of the regular files in dir, keyed by name
// without dir; nil if there is no such directory. A hook may call it.
func (s *FS) Files(dir string) map[string][]byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	d, err := s.directory("readdir", dir)
	if err != nil {
		return nil
	}
	files := map[string][]byte{}
	for _, e := range d.live {
		if e.file != nil {
			p := make([]byte, e.file.live.size)
			e.file.live.read(p, 0)
			files[e.name] = p
		}
	}
	return files
}
