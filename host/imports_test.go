package host_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestImportsOfHost: a program that imports host alone links none of the packages above it,
// and only these modules of others.
func TestImportsOfHost(t *testing.T) {
	skipRace(t)
	for _, system := range []string{"linux/amd64", "windows/amd64", "darwin/arm64"} {
		goos, goarch, _ := strings.Cut(system, "/")
		cmd := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}} {{with .Module}}{{.Path}}{{end}}", ".")
		cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		require.NoError(t, err)
		const module = "github.com/thawlog/thaw"
		var others []string
		for line := range strings.Lines(string(out)) {
			path, of, _ := strings.Cut(strings.TrimSpace(line), " ")
			if of != "" && of != module && !slices.Contains(others, of) {
				others = append(others, of)
			}
			for _, above := range []string{"typed", "aggregate", "project", "react", "storetest"} {
				require.NotEqual(t, module+"/host/"+above, path)
			}
			require.NotEqual(t, "database/sql", path)
		}
		slices.Sort(others)
		require.Equal(t, []string{
			"github.com/gofrs/flock", "github.com/klauspost/cpuid/v2", "github.com/vmihailenco/msgpack/v5",
			"github.com/vmihailenco/tagparser/v2", "github.com/zeebo/blake3", "golang.org/x/exp", "golang.org/x/sys",
		}, others, system)
	}
}
