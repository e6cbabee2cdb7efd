package report

import (
	"testing"
	"time"
)

func TestFileSystemIsTheNearestMount(t *testing.T) {
	const mounts = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:5 / /home rw,nosuid - xfs /dev/vdb rw
24 22 0:6 / /homework ro - tmpfs tmpfs rw
broken
`
	for dir, want := range map[string]string{
		"/home/a": "xfs (rw,nosuid)", "/homework": "tmpfs (ro)", "/homes/a": "ext4 (rw,relatime)", "/": "ext4 (rw,relatime)",
	} {
		if got := fileSystem(mounts, dir); got != want {
			t.Errorf("%s is on %q, want %q", dir, got, want)
		}
	}
}

func TestMachineLeavesOutWhatIsNotKnown(t *testing.T) {
	for _, f := range Machine(t.TempDir(), time.Now()) {
		if f.Name == "" || f.Value == "" {
			t.Errorf("%+v", f)
		}
	}
}
