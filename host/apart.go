package host

import (
	"path/filepath"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/scarce"
)

// checkApart returns an error if one of two directories is in the other, or both are one.
func checkApart(fsys fsabstraction.ReadFS, dir, dst string) error {
	if liesIn(fsys, dst, dir) || liesIn(fsys, dir, dst) {
		return ErrCopyInside
	}
	return nil
}

// liesIn reports whether a is b or lies in it, by whatever name or link.
func liesIn(fsys fsabstraction.ReadFS, a, b string) bool {
	a, b = resolved(fsys, a), resolved(fsys, b)
	outer, err := fsys.Lstat(b)
	for path := a; ; path = filepath.Dir(path) {
		if path == b {
			return true
		}
		info, failed := fsys.Lstat(path)
		if err == nil && failed == nil && outer.Identity.Known() && info.Identity.Known() && fsabstraction.SameFile(outer.Identity, info.Identity) {
			return true
		}
		if path == filepath.Dir(path) {
			return false
		}
	}
}

// resolved returns an absolute path without symbolic links, as far as it exists and the file
// system can follow links.
func resolved(fsys fsabstraction.ReadFS, path string) string {
	path = absolute(path)
	links, ok := scarce.Inner(fsys).(fsabstraction.LinkResolver)
	if !ok {
		return path
	}
	rest := ""
	for p := path; ; p = filepath.Dir(p) {
		if real, err := links.ResolveLinks(p); err == nil {
			return filepath.Join(real, rest)
		}
		if p == filepath.Dir(p) {
			return path
		}
		rest = filepath.Join(filepath.Base(p), rest)
	}
}

func absolute(path string) string {
	if a, err := filepath.Abs(path); err == nil {
		return a
	}
	return filepath.Clean(path)
}
