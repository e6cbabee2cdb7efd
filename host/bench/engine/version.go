package engine

import "runtime/debug"

// ModuleVersion is the version of a module that this program was built with, as the
// go command recorded it: "(devel)" for one that stands beside the program, "unknown"
// where nothing was recorded.
func ModuleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path != path {
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		if m.Version == "" {
			return "(devel)"
		}
		return m.Version
	}
	return "unknown"
}
