package host_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// inside are errors of the packages below host that a caller of host never has to name,
// and why.
var inside = map[string]string{
	"artifact.ErrFull":          "an index of that size is not written; CloseReport.IndexError has it as text",
	"commit.ErrNotRepetition":   "host asks the writer for a key by it",
	"event.ErrID":               "returned by event.ParseID, which callers call",
	"event.ErrKind":             "returned by event.ParseKind, which callers call",
	"event.ErrMetaJSON":         "returned by Meta.UnmarshalJSON, which callers call",
	"event.ErrMetaOrder":        "a cause within a Damage or Refusal",
	"gate.ErrBypass":            "of gates, which callers make with package gate",
	"gate.ErrChanged":           "the same",
	"gate.ErrDenied":            "the same",
	"gate.ErrForeign":           "the same",
	"gate.ErrName":              "the same",
	"gate.ErrNameTwice":         "the same",
	"gate.ErrNoJudge":           "the same",
	"gate.ErrUsed":              "the same",
	"gate.Denial":               "the same",
	"gate.DefinitionError":      "the same",
	"gate.PanicError":           "the same",
	"index.ErrTable":            "the cause of a Refusal, whose Reason says it",
	"lines.SyntaxError":         "returned by the UnmarshalJSON of reports, as text",
	"msgpack.ErrShort":          "a cause within a Damage or Refusal",
	"msgpack.ErrType":           "the same",
	"msgpack.ErrRange":          "the same",
	"msgpack.ErrSpelling":       "the same",
	"msgpack.ErrKey":            "the same",
	"msgpack.ErrDepth":          "the same",
	"msgpack.ErrTrailing":       "the same",
	"replay.ErrSequence":        "the same",
	"segment.ErrIDSize":         "the same",
	"segment.ErrEffort":         "the same, with reason effort",
	"source.ErrShort":           "the same",
	"envelope.ErrShort":         "a cause within an error of package subjectkeys",
	"envelope.ErrVersion":       "the same",
	"strtab.ErrLeading":         "the same",
	"strtab.ErrDuplicate":       "the same",
	"strtab.NameError":          "the same",
	"compact.ErrActive":         "of compactions, whose runs host chooses",
	"compact.ErrNoSegments":     "the same",
	"compact.BatchError":        "the same: host makes the run longer",
	"compact.DamageError":       "its cause is a Damage",
	"sealed.ErrOrder":           "of extracts, which the guest makes",
	"segment.ErrMarker":         "of redactions, which are never of markers",
	"segment.ErrRedactedKind":   "the same",
	"extract.ErrFull":           "of extracts, which the guest makes",
	"extract.ErrOrder":          "the same",
	"directory.ErrSwap":         "an open resolves it",
	"source.ErrAbsent":          "a batch announces its reads by it, and no read returns it",
	"fsabstraction.ErrLocked":   "host.LockedError says more",
	"fsabstraction.ErrNotTried": "host decides by it what is in doubt",
	"store.ErrSpans":            "a fork then opens the store with its tail",
	"memfs.ErrFull":             "of a file system that the caller makes",
}

// TestEveryErrorIsReachable: every error that a package below host exports is an error of
// host or of host/payload too, or is listed above.
func TestEveryErrorIsReachable(t *testing.T) {
	reachable := map[string]bool{}
	for _, dir := range []string{".", "payload"} {
		maps.Copy(reachable, taken(t, dir))
	}
	below, listed := map[string]bool{}, map[string]bool{}
	for _, root := range []string{"../core", "../fsabstraction", "mapping"} {
		require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil || !d.IsDir():
				return err
			case slices.Contains([]string{"internal", "testdata", "crashfs", "failfs", "conformance"}, d.Name()):
				return fs.SkipDir
			}
			for name := range made(t, path) {
				below[name] = true
			}
			return nil
		}))
	}
	require.Contains(t, below, "damage.Damage")
	require.Contains(t, below, "store.ErrNotFound")
	for _, name := range slices.Sorted(maps.Keys(below)) {
		_, within := inside[name]
		listed[name] = within
		require.NotEqual(t, reachable[name], within, "%s: reachable %t, listed %t", name, reachable[name], within)
	}
	for name := range inside {
		require.True(t, listed[name], "%s is no error", name)
	}
}

// sources are the files of the package in a directory, without its tests.
func sources(t *testing.T, dir string) (files []*ast.File) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		files = append(files, f)
	}
	return files
}

// made lists the errors that the package in a directory exports, as package.Name:
// variables named Err…, and types with the method Error.
func made(t *testing.T, dir string) map[string]bool {
	found := map[string]bool{}
	for _, f := range sources(t, dir) {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.Name != "Error" || d.Recv == nil {
					continue
				}
				of := d.Recv.List[0].Type
				if star, ok := of.(*ast.StarExpr); ok {
					of = star.X
				}
				if name, ok := of.(*ast.Ident); ok && name.IsExported() {
					found[f.Name.Name+"."+name.Name] = true
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					v, ok := s.(*ast.ValueSpec)
					if !ok || d.Tok != token.VAR {
						continue
					}
					for _, name := range v.Names {
						if strings.HasPrefix(name.Name, "Err") {
							found[f.Name.Name+"."+name.Name] = true
						}
					}
				}
			}
		}
	}
	return found
}

// taken lists the names of other packages, as package.Name, for which the package in a
// directory exports a name of its own.
func taken(t *testing.T, dir string) map[string]bool {
	found := map[string]bool{}
	take := func(name *ast.Ident, is ast.Expr) {
		if s, ok := is.(*ast.SelectorExpr); ok && name.IsExported() {
			if of, ok := s.X.(*ast.Ident); ok {
				found[of.Name+"."+s.Sel.Name] = true
			}
		}
	}
	for _, f := range sources(t, dir) {
		for _, d := range f.Decls {
			d, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if s.Assign.IsValid() {
						take(s.Name, s.Type)
					}
				case *ast.ValueSpec:
					for i, is := range s.Values {
						take(s.Names[i], is)
					}
				}
			}
		}
	}
	return found
}
