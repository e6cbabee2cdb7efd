package node

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/wasm/internal/madestore"
	"github.com/thawlog/thaw/wasm/internal/wasmbuild"
)

// TestMisuse runs misuse.mjs, whose cases are named, in a process with few descriptors.
func TestMisuse(t *testing.T) {
	node := nodePath(t)
	dir := t.TempDir()
	args := []string{node, "--no-warnings", "misuse.mjs", filepath.Join(dir, "thaw.wasm"), filepath.Join(dir, "a"), filepath.Join(dir, "b")}
	require.NoError(t, os.WriteFile(args[3], wasmbuild.Module(t), 0o600))
	for _, path := range args[4:] {
		require.NoError(t, os.Mkdir(path, 0o700))
		for name, b := range madestore.New(t, madestore.Shape{
			Seed: 3, PerSegment: 5, Indexed: 8, Part: 2, Tail: 3, Entities: 4, Scopes: 2,
		}) {
			require.NoError(t, os.WriteFile(filepath.Join(path, name), b, 0o600))
		}
	}
	if runtime.GOOS != "windows" {
		args = append([]string{"sh", "-c", `ulimit -n 200; exec "$@"`, "sh"}, args...)
	}
	out, err := exec.Command(args[0], args[1:]...).Output()
	require.NoError(t, err, string(out))
	ran := 0
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); ran++ {
		var c struct {
			Name  string
			Error *string
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &c))
		t.Run(c.Name, func(t *testing.T) {
			if c.Error != nil {
				t.Error(*c.Error)
			}
		})
	}
	require.Greater(t, ran, 60)
}
