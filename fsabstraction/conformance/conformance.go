package conformance

import (
	"testing"

	"github.com/thawlog/thaw/fsabstraction"
)

// Run tests one implementation. newFS is called once for each subtest and
// returns a file system and an existing empty directory in it, which the suite
// fills and which newFS removes with t.Cleanup where that is needed.
//
// Subtests that an option or the platform makes impossible are skipped with the
// reason; nothing is left out silently.
func Run(t *testing.T, newFS func(t *testing.T) (fsabstraction.FS, string), options ...Option) {
	s := suite{newFS: newFS}
	for _, o := range options {
		o(&s)
	}
	for _, test := range []struct {
		name string
		run  func(*testing.T, env)
	}{
		{"read/table", readTable},
		{"read/empty file", readEmptyFile},
		{"read/concurrently on one handle", readConcurrently},
		{"read/while another handle cuts the file", readWhileCut},
		{"close/reads fail after it", closeEndsReads},
		{"close/writes fail after it", closeEndsWrites},
		{"close/concurrent with reads", closeConcurrently},
		{"list/sorted with types", listSorted},
		{"list/not a directory", listNotDirectory},
		{"list/links are not followed", listLinks},
		{"open/only regular files", openOnlyRegular},
		{"open/links are refused", openLinks},
		{"open/handles of a reader cannot write", openReadOnly},
		{"missing names", missingNames},
		{"create/exclusive", createExclusive},
		{"create/one of many wins", createConcurrently},
		{"create/needs its directory", createNeedsDirectory},
		{"stat/size type and time", statFields},
		{"stat/identity", statIdentity},
		{"rename/moves", renameMoves},
		{"rename/replaces", renameReplaces},
		{"rename/over an open file", renameOverOpen},
		{"rename/under concurrent opens", renameConcurrently},
		{"rename/one of many wins", renameOneConcurrently},
		{"rename/of an open file", renameOfOpen},
		{"rename/only regular files", renameOnlyRegular},
		{"rename/links are refused", renameLinks},
		{"remove/files and directories", removeNames},
		{"remove/an open file", removeOpen},
		{"mkdirall", mkdirAll},
		{"write/table", writeTable},
		{"write/handles share the file", writeShared},
		{"write/negative offsets", writeNegative},
		{"write/sync", writeSync},
		{"lock/makes the file", lockMakesFile},
		{"lock/excludes", lockExcludes},
		{"lock/follows a rename", lockFollowsRename},
		{"lock/unlock twice", unlockTwice},
		{"lock/only regular files", lockOnlyRegular},
		{"lock/links are refused", lockLinks},
		{"lock/contents are kept", lockKeepsContents},
		{"lock/one of many wins", lockConcurrently},
	} {
		t.Run(test.name, func(t *testing.T) {
			fsys, dir := newFS(t)
			test.run(t, env{suite: s, fs: fsys, dir: dir})
		})
	}
}

// Option tells Run something about an implementation that its methods do not.
type Option func(*suite)

// WithSymlink lets the suite make symbolic links, with os.Symlink or a function
// like it. Without it what concerns links is skipped.
func WithSymlink(symlink func(target, link string) error) Option {
	return func(s *suite) { s.symlink = symlink }
}

// Without skips what needs the ability a, for reason. A file system that lacks
// an ability is not fit for a store that is read and written at the same time.
func Without(a Ability, reason string) Option {
	return func(s *suite) {
		if s.without == nil {
			s.without = map[Ability]string{}
		}
		s.without[a] = reason
	}
}

// Ability names something that fsabstraction promises and that a known
// implementation cannot do everywhere.
type Ability string

// ReplaceOpen is a Rename or Remove of a file that someone has open, which then
// keeps the old contents. What opens files with os.Open lacks it on Windows.
const ReplaceOpen Ability = "replace open files"
