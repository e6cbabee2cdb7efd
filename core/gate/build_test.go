package gate_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBuildsForWasm builds the package for both kinds of wasm.
func TestBuildsForWasm(t *testing.T) {
	for _, system := range []string{"wasip1", "js"} {
		t.Run(system, func(t *testing.T) {
			cmd := exec.Command("go", "build", ".")
			cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=wasm", "CGO_ENABLED=0")
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
		})
	}
}
