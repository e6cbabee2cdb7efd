package conformance

import (
	"testing"

	"github.com/thawlog/thaw/fsabstraction"
)

// Run tests one implementation. Each subtest calls newFS once for a file system and an
// existing empty directory in it. The suite fills the directory; newFS removes it with
// t.Cleanup where needed.
//
// Subtests that an option or the platform makes impossible are skipped with the reason,
// never silently.
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
		{"stat/times of directories", statDirTimes},
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
		{"write/start a sync", writeStartSync},
		{"link/shares the file", linkShares},
		{"link/only regular files", linkOnlyRegular},
		{"clone/copies", cloneCopies},
		{"rename directory/moves", renameDirMoves},
		{"rename directory/refuses", renameDirRefuses},
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

// Option describes a property of an implementation that its methods do not show.
type Option func(*suite)

// WithSymlink lets the suite make symbolic links with os.Symlink or a function like it.
// Without it the tests of links are skipped.
func WithSymlink(symlink func(target, link string) error) Option {
	return func(s *suite) { s.symlink = symlink }
}

// Without skips the tests of ability a, for reason. A file system that lacks an ability is
// not fit for a store that is read and written at the same time.
func Without(a Ability, reason string) Option {
	return func(s *suite) {
		if s.without == nil {
			s.without = map[Ability]string{}
		}
		s.without[a] = reason
	}
}

// Ability names a promise of fsabstraction that a known implementation cannot keep
// everywhere.
type Ability string

// ReplaceOpen is a Rename or Remove of an open file, whose handles then keep the old
// contents. Implementations based on os.Open lack it on Windows.
const ReplaceOpen Ability = "replace open files"
