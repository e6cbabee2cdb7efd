package cli

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHelpOnCopies: the help names the command that copies a store, and no other way. TestCopyTools of
// package host runs the commands of COPYING-A-STORE.md.
func TestHelpOnCopies(t *testing.T) {
	help := run(nil, "--help").stdout
	require.Contains(t, help, aboutCopies)
	for _, c := range (&app{}).root().Commands() {
		require.NotContains(t, c.Long+c.Example, "cp ", c.Name())
	}
}
