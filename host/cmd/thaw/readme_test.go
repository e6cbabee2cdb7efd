package main

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/payload"
	encode "github.com/thawlog/thaw/host/payload"
)

// TestReadmeTimes: the filter in the README reads the times that a payload can have.
func TestReadmeTimes(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, program, ok := strings.Cut(string(text), "```python\n")
	require.True(t, ok)
	program, _, ok = strings.Cut(program, "```\n")
	require.True(t, ok)
	sizes := map[int]bool{}
	for _, want := range []string{"2026-05-24T21:01:52Z", "2026-05-24T21:01:52.500000Z", "1969-12-31T23:59:58.250000Z"} {
		at, err := time.Parse(time.RFC3339, want)
		require.NoError(t, err)
		b, err := encode.Marshal(map[string]any{"at": []time.Time{at}})
		require.NoError(t, err)
		line, err := payload.AppendJSON(nil, b)
		require.NoError(t, err)
		var v struct {
			At []struct {
				Ext []any `json:"$ext"`
			} `json:"at"`
		}
		require.NoError(t, json.Unmarshal(line, &v), string(line))
		require.InDelta(t, -1, v.At[0].Ext[0], 0)
		content, err := base64.StdEncoding.DecodeString(v.At[0].Ext[1].(string))
		require.NoError(t, err)
		sizes[len(content)] = true
		cmd := exec.Command(python, "-c", program)
		cmd.Stdin = strings.NewReader(string(line) + "\n")
		out, err := cmd.Output()
		require.NoError(t, err)
		require.JSONEq(t, `{"at":["`+want+`"]}`, string(out))
	}
	require.Equal(t, map[int]bool{4: true, 8: true, 12: true}, sizes)
}
