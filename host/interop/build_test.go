package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBuildWithout: where cargo, its toolchain or its registry is missing, that is the
// error; what is wrong with the crate itself is another one.
func TestBuildWithout(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("cargo is played by a shell script")
	}
	for _, c := range []struct {
		name, cargo string
		want        error
		says        string
	}{
		{"no cargo", "", ErrNoCargo, "cargo"},
		{"no toolchain", `echo "rustup could not choose a version of cargo" >&2; exit 1`, ErrNoCargo, "rustup could not choose"},
		{"no registry", `case $1 in build|fetch) echo "Could not resolve host: index.crates.io" >&2; exit 101;; esac`, ErrNoCrate, "Could not resolve host"},
		{"does not compile", `case $1 in build) echo "error[E0425]: cannot find value" >&2; exit 101;; esac`, nil, "E0425"},
		{"old lock file", `case $1 in build|fetch) echo "the lock file needs to be updated but --locked was passed" >&2; exit 101;; esac`, nil, "--locked"},
		{"broken manifest", `case $1 in build|fetch|metadata) echo "failed to parse manifest" >&2; exit 101;; esac`, nil, "failed to parse manifest"},
		{"fetched when missing", `case $1 in build) test -e fetched || { echo missing >&2; exit 101; };; fetch) touch fetched;; esac`, nil, ""},
		{"there already", `case $1 in fetch) echo "not to be asked" >&2; exit 101;; esac`, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			bin := t.TempDir()
			t.Setenv("PATH", bin+string(os.PathListSeparator)+"/usr/bin"+string(os.PathListSeparator)+"/bin")
			if c.cargo != "" {
				require.NoError(t, os.WriteFile(filepath.Join(bin, "cargo"), []byte("#!/bin/sh\n"+c.cargo+"\n"), 0o700))
			} else if _, err := exec.LookPath("cargo"); err == nil {
				t.Setenv("PATH", bin)
			}
			err := build(t.Context(), t.TempDir())
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.says)
			for _, missing := range []error{ErrNoCargo, ErrNoCrate} {
				if missing == c.want {
					require.ErrorIs(t, err, missing)
				} else {
					require.NotErrorIs(t, err, missing)
				}
			}
		})
	}
}
