package plugin

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/extract"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/blake3"
	"github.com/thawlog/thaw/wasm/internal/vectors"
)

// pieces returns the files in the answer to OpExtract, and its last line.
func pieces(t *testing.T, answer []byte) (files map[string][]byte, result string) {
	files = map[string][]byte{}
	for len(answer) > 0 {
		file, b, rest, err := abi.DecodePiece(answer)
		require.NoError(t, err)
		require.Empty(t, result, "the line is the last row")
		switch name := segment.Name(uint64(file)); file {
		case abi.PieceResult:
			result = string(b)
		case abi.PieceNames:
			files[kindnames.FileName] = append(files[kindnames.FileName], b...)
		default:
			files[name] = append(files[name], b...)
		}
		answer = rest
	}
	return files, result
}

// nativeExtract is the answer of the core.
func nativeExtract(t *testing.T, c *vectors.Case, q *abi.Request) (files map[string][]byte, result string, failed bool) {
	hash := func(b []byte) event.Hash { return blake3.Sum256(b) }
	o := c.Open()
	s, err := store.Open(directory.Memory(c.Files), store.Options{
		Seed: o.From, Hash: hash, CheckFrames: o.Flags&abi.FlagCheckFrames != 0, CheckIndex: o.Flags&abi.FlagCheckIndex != 0,
		Strict: o.Flags&abi.FlagStrict != 0, ShowHidden: o.Flags&abi.FlagShowHidden != 0,
	})
	if err != nil {
		return nil, "", true
	}
	files = map[string][]byte{}
	put := func(file uint32, b []byte) error {
		name := segment.Name(uint64(file))
		if file == extract.NamesFile {
			name = kindnames.FileName
		}
		files[name] = append(files[name], b...)
		return nil
	}
	events := s.Query(q.Region, query.Page{From: q.From, To: q.To})
	r, err := extract.Run(directory.Memory(c.Files), s, events, extract.Options{}, put)
	if err != nil {
		return nil, "", true
	}
	return files, string(lines.AppendExtract(nil, &r, func(err error) int32 {
		var d *damage.Damage
		require.True(t, errors.As(err, &d))
		return int32(abi.ErrDamage)
	})), false
}

// TestExtract: the guest and native code make the same files and name the same events that
// they left out, of sound and damaged stores.
func TestExtract(t *testing.T) {
	cases := append(vectors.Sound(t, fixtures), vectors.Damaged(t, fixtures, 2)...)
	step, n, leftOut := 1, 0, 0
	if testing.Short() {
		step = 7
	}
	for i := 0; i < len(cases); i += step {
		c := *cases[i]
		c.Questions = []abi.Request{
			{Op: abi.OpExtract, Rows: 1},
			{Op: abi.OpExtract, Format: abi.FormatFull, Region: query.Region{EntityPrefix: "o"}, From: 3, To: 90},
		}
		got := answers(t, &c, i%2 == 0)[1:]
		for k := range c.Questions {
			want, line, failed := nativeExtract(t, &c, &c.Questions[k])
			require.Equal(t, failed, got[k].Code != 0, "%s: %v", c.Name, got[k].End)
			if failed {
				continue
			}
			files, result := pieces(t, []byte(got[k].Text))
			require.Equal(t, want, files, "%s, %d", c.Name, k)
			require.Equal(t, line, result, c.Name)
			if n++; !strings.Contains(line, `"left_out":[]`) {
				leftOut++
			}
		}
	}
	require.Greater(t, n, 100/step)
	require.Positive(t, leftOut)
	t.Logf("%d extracts, %d with damaged events", n, leftOut)
}
