package fsabstraction_test

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
)

func TestTypeOf(t *testing.T) {
	for _, test := range []struct {
		mode fs.FileMode
		want fsabstraction.Type
		text string
	}{
		{0o644, fsabstraction.Regular, "regular file"},
		{0o644 | fs.ModeSetuid | fs.ModeAppend, fsabstraction.Regular, "regular file"},
		{0o755 | fs.ModeDir, fsabstraction.Directory, "directory"},
		{fs.ModeSymlink, fsabstraction.Symlink, "symbolic link"},
		{fs.ModeNamedPipe, fsabstraction.Other, "special file"},
		{fs.ModeDevice | fs.ModeCharDevice, fsabstraction.Other, "special file"},
		{fs.ModeSocket, fsabstraction.Other, "special file"},
		{fs.ModeIrregular, fsabstraction.Other, "special file"},
		{fs.ModeSymlink | fs.ModeIrregular, fsabstraction.Other, "special file"},
		{fs.ModeDir | fs.ModeIrregular, fsabstraction.Other, "special file"},
	} {
		t.Run(test.mode.String(), func(t *testing.T) {
			require.Equal(t, test.want, fsabstraction.TypeOf(test.mode))
			require.Equal(t, test.text, test.want.String())
		})
	}
	var unset fsabstraction.Type
	require.Equal(t, fsabstraction.Other, unset)
}

func TestIdentity(t *testing.T) {
	type (
		disk   int
		memory int
	)
	var unknown fsabstraction.Identity
	for _, test := range []struct {
		name string
		a, b fsabstraction.Identity
		same bool
	}{
		{"equal keys", fsabstraction.NewIdentity(disk(1)), fsabstraction.NewIdentity(disk(1)), true},
		{"other keys", fsabstraction.NewIdentity(disk(1)), fsabstraction.NewIdentity(disk(2)), false},
		{"other file system", fsabstraction.NewIdentity(disk(1)), fsabstraction.NewIdentity(memory(1)), false},
		{"one unknown", fsabstraction.NewIdentity(disk(1)), unknown, false},
		{"both unknown", unknown, fsabstraction.NewIdentity(nil), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.same, fsabstraction.SameFile(test.a, test.b))
			require.Equal(t, test.same, fsabstraction.SameFile(test.b, test.a))
		})
	}
}
