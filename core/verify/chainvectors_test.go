package verify

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// vector is one chain, and what link says about each event. The inspector judges chains
// by the same rule in JavaScript; its tests read this file.
type vector struct {
	Steps []vectorStep `json:"steps"`
}

// vectorStep is an event whose hashes are numbers: 0 is the zero hash.
type vectorStep struct {
	Clock   uint32 `json:"clock"`
	Prev    byte   `json:"prev"`
	Hash    byte   `json:"hash"`
	Wall    uint64 `json:"wall"`
	Lost    bool   `json:"lost,omitempty"`
	Hidden  bool   `json:"hidden,omitempty"`
	Suspect bool   `json:"suspect,omitempty"`
	Extract bool   `json:"extract,omitempty"`
	Why     string `json:"why,omitempty"`
	Fork    bool   `json:"fork,omitempty"`
}

// TestChainVectors keeps testdata/chains.json: chains that mostly continue, and the rule's
// answers.
func TestChainVectors(t *testing.T) {
	const file = "testdata/chains.json"
	if *update {
		b, err := json.Marshal(drawVectors())
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, append(b, '\n'), 0o644))
	}
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	var vectors []vector
	require.NoError(t, json.Unmarshal(b, &vectors))
	whys := map[string]int{}
	forks := 0
	for i, v := range vectors {
		for j, want := range judge(v.Steps) {
			require.Equal(t, want, v.Steps[j], "chain %d, event %d", i, j)
			whys[want.Why]++
			if want.Fork {
				forks++
			}
		}
	}
	// Each answer occurs, so that a rule which never gives it fails.
	for _, why := range []error{errFirst, errClock, errPrevHash, errContinues, errWall} {
		require.Greater(t, whys[why.Error()], 3, why)
	}
	require.Greater(t, forks, 3)
}

// judge returns the steps with the answers of link.
func judge(steps []vectorStep) []vectorStep {
	var c chain
	epoch := uint32(0)
	var judged []vectorStep
	for _, s := range steps {
		if s.Lost {
			epoch++
		}
		f := event.Facts{Clock: s.Clock, PrevHash: event.Hash{31: s.Prev}}
		why, fork := c.link(&f, head{
			hash: event.Hash{31: s.Hash}, wall: s.Wall, clock: s.Clock, any: true, hidden: s.Hidden, suspect: s.Suspect,
		}, epoch, s.Extract)
		s.Why, s.Fork = "", fork
		if why != nil {
			s.Why = why.Error()
		}
		judged = append(judged, s)
	}
	return judged
}

func drawVectors() []vector {
	r := rand.New(rand.NewPCG(14, 1))
	vectors := make([]vector, 60)
	for i := range vectors {
		var steps []vectorStep
		for n := range 4 + r.IntN(10) {
			s := vectorStep{Hash: byte(1 + r.IntN(250)), Wall: uint64(100 + n)}
			if n > 0 {
				last := steps[n-1]
				if r.IntN(3) == 0 {
					last = steps[r.IntN(n)] // a fork, or nothing that may be continued
				}
				s.Clock, s.Prev = last.Clock+1, last.Hash
			}
			s.Extract = i%4 == 3
			switch r.IntN(12) {
			case 0:
				s.Clock++
			case 1:
				s.Prev++
			case 2:
				s.Clock, s.Prev = 0, 0
			case 3:
				s.Wall -= 3
			case 4:
				s.Lost = true
			case 5:
				s.Hidden = true
			case 6:
				s.Suspect = true
			case 7:
				for _, before := range steps {
					s.Clock = max(s.Clock, before.Clock+1)
				}
			}
			steps = append(steps, s)
		}
		vectors[i].Steps = judge(steps)
	}
	return vectors
}
