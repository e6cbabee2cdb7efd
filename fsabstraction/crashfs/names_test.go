package crashfs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction/crashfs"
)

// Each case lists all possible names after a power cut, so anything not listed is excluded.
func TestNamesAfterCrash(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string][]byte
		steps []step
		want  []string
	}{
		{"a created file, although synced", nil,
			[]step{create("a", 'A')},
			[]string{"", "a=A"}},
		{"a created file in a synced directory", nil,
			[]step{create("a", 'A'), syncDir(".")},
			[]string{"a=A"}},
		{"changes survive independently", nil,
			[]step{create("a", 'A'), create("b", 'B')},
			[]string{"", "a=A", "a=A b=B", "b=B"}},
		{"a removed file", map[string][]byte{"a": fill('A', 4)},
			[]step{remove("a")},
			[]string{"", "a=A"}},
		{"a removed file in a synced directory", map[string][]byte{"a": fill('A', 4)},
			[]step{remove("a"), syncDir(".")},
			[]string{""}},
		{"removed and made again", map[string][]byte{"a": fill('A', 4)},
			[]step{remove("a"), create("a", 'B')},
			[]string{"", "a=A", "a=B"}},
		{"a rename to a new name", map[string][]byte{"a": fill('A', 4)},
			[]step{rename("a", "b")},
			[]string{"a=A", "b=A"}},
		{"a rename that replaces", map[string][]byte{"index": fill('A', 4), "tmp": fill('B', 4)},
			[]step{rename("tmp", "index")},
			[]string{"index=A tmp=B", "index=B"}},
		{"a rename of a file whose own name was not synced", map[string][]byte{"index": fill('A', 4)},
			[]step{create("tmp", 'B'), rename("tmp", "index")},
			[]string{"index=A", "index=A tmp=B", "index=B"}},
		{"a rename in a synced directory", map[string][]byte{"index": fill('A', 4)},
			[]step{create("tmp", 'B'), rename("tmp", "index"), syncDir(".")},
			[]string{"index=B"}},
		{"two renames of one file", map[string][]byte{"a": fill('A', 4)},
			[]step{rename("a", "b"), rename("b", "c")},
			[]string{"a=A", "b=A", "c=A"}},
		{"three renames of one file", map[string][]byte{"a": fill('A', 4)},
			[]step{rename("a", "b"), rename("b", "c"), rename("c", "d")},
			[]string{"a=A", "b=A", "c=A", "d=A"}},
		{"a name used again after a rename", map[string][]byte{"a": fill('A', 4)},
			[]step{rename("a", "b"), create("a", 'C')},
			[]string{"a=A", "a=C", "a=C b=A", "b=A"}},
		{"a rename into another directory", map[string][]byte{"x/a": fill('A', 4), "y/b": fill('B', 4)},
			[]step{rename("x/a", "y/b")},
			[]string{"x/ x/a=A y/ y/b=B", "x/ y/ y/b=A"}},
		{"a rename whose old directory is synced", map[string][]byte{"x/a": fill('A', 4), "y/b": fill('B', 4)},
			[]step{rename("x/a", "y/b"), syncDir("x")},
			[]string{"x/ y/ y/b=A"}},
		{"a rename whose new directory is synced", map[string][]byte{"x/a": fill('A', 4), "y/b": fill('B', 4)},
			[]step{rename("x/a", "y/b"), syncDir("y")},
			[]string{"x/ y/ y/b=A"}},
		{"a made directory", nil,
			[]step{mkdir("d")},
			[]string{"", "d/"}},
		{"made parents", nil,
			[]step{mkdir("d/e")},
			[]string{"", "d/", "d/ d/e/"}},
		{"synced in an unsynced directory", nil,
			[]step{mkdir("d"), create("d/a", 'A'), syncDir("d")},
			[]string{"", "d/ d/a=A"}},
		{"a directory synced by its parent", nil,
			[]step{mkdir("d"), syncDir("."), create("d/a", 'A')},
			[]string{"d/", "d/ d/a=A"}},
		{"a removed directory", map[string][]byte{"d/a": fill('A', 4)},
			[]step{remove("d/a"), syncDir("d"), remove("d")},
			[]string{"", "d/"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			fsys := run(t, test.files, test.steps...)
			tell := func(fsys *crashfs.FS) string { return tree(t, fsys, ".") }
			require.Equal(t, test.want, outcomes(fsys, tell))
			require.Equal(t, tell(fsys), tell(fsys.Crash(crashfs.Cut{Survive: 100})))
		})
	}
}
