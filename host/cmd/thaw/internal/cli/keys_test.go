package cli

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	jsonl "github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
)

// TestHelpNamesKeys: the help of a command that prints an object for programs names each
// of its keys.
func TestHelpNamesKeys(t *testing.T) {
	a := &app{}
	for help, line := range map[string][]byte{
		a.stat().Long:   jsonl.AppendReport(nil, &store.Report{}, 0),
		a.verify().Long: jsonl.AppendFindings(nil, &verify.Result{}),
	} {
		var keys map[string]any
		require.NoError(t, json.Unmarshal(line, &keys))
		require.NotEmpty(t, keys)
		for key := range keys {
			require.Regexp(t, `\b`+key+`\b`, help)
		}
	}
}
