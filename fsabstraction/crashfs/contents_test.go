package crashfs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction/crashfs"
)

// Each case lists all possible contents of the file after a power cut, so anything not
// listed is excluded.
func TestContentsAfterCrash(t *testing.T) {
	for _, test := range []struct {
		name   string
		synced int // bytes A
		steps  []step
		want   []string
	}{
		{"synced", 100,
			[]step{write("f", 'B', 200, 0), sync("f")},
			[]string{"B200"}},
		{"blocks survive independently", 8192,
			[]step{write("f", 'B', 8192, 0)},
			[]string{"A4096 B4096", "A8192", "B4096 A4096", "B8192"}},
		{"a write across a block boundary", 8192,
			[]step{write("f", 'B', 20, 4090)},
			[]string{"A4090 B20 A4082", "A4090 B6 A4096", "A4096 B14 A4082", "A8192"}},
		{"bytes around a write stay", 300,
			[]step{write("f", 'B', 100, 100)},
			[]string{"A100 B100 A100", "A300"}},
		{"a sync in between", 4096,
			[]step{write("f", 'B', 10, 0), sync("f"), write("f", 'C', 10, 10)},
			[]string{"B10 A4086", "B10 C10 A4076"}},
		{"grown within a block", 100,
			[]step{write("f", 'B', 100, 100)},
			[]string{"A100", "A100 .100", "A100 B100"}},
		{"grown by blocks", 4096,
			[]step{write("f", 'B', 8192, 4096)},
			[]string{
				"A4096", "A4096 .4096", "A4096 .4096 B4096", "A4096 .8192",
				"A4096 B4096", "A4096 B4096 .4096", "A4096 B8192",
			}},
		{"grown by truncate", 100,
			[]step{truncate("f", 200)},
			[]string{"A100", "A100 .100"}},
		{"a gap", 100,
			[]step{write("f", 'B', 10, 5000)},
			[]string{"A100", "A100 .3996", "A100 .4900 B10", "A100 .4910"}},
		{"cut", 8192,
			[]step{truncate("f", 5000)},
			[]string{"A5000", "A8192"}},
		{"cut and lengthened", 8192,
			[]step{truncate("f", 4096), truncate("f", 8192)},
			[]string{"A4096", "A4096 .4096", "A8192"}},
		{"written and cut", 8192,
			[]step{write("f", 'B', 100, 0), truncate("f", 50)},
			[]string{"A50", "A8192", "B50", "B50 A8142"}},
		{"cut and written again", 8192,
			[]step{truncate("f", 0), write("f", 'B', 8192, 0)},
			[]string{
				"", ".4096", ".4096 B4096", ".8192", "A4096 B4096", "A8192",
				"B4096", "B4096 .4096", "B4096 A4096", "B8192",
			}},
		{"cut and written to a greater length", 100,
			[]step{truncate("f", 50), write("f", 'B', 100, 50)},
			[]string{"A100", "A100 .50", "A50", "A50 .100", "A50 B100", "A50 B50"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			fsys := run(t, map[string][]byte{"f": fill('A', test.synced)}, test.steps...)
			tell := func(fsys *crashfs.FS) string {
				p := fsys.Files(".")["f"]
				longer := fsys.Crash(crashfs.Cut{Survive: 100}) // truncated bytes must not return
				truncate("f", 20000)(t, longer)
				require.Equal(t, append(p[:len(p):len(p)], make([]byte, 20000-len(p))...), longer.Files(".")["f"])
				return describe(p)
			}
			require.Equal(t, test.want, outcomes(fsys, tell))
			require.Equal(t, tell(fsys), tell(fsys.Crash(crashfs.Cut{Survive: 100})))
		})
	}
}
