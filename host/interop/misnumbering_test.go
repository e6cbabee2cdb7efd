package interop_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/interop"
)

// TestTurnsMakeMisnumberedStores lets thaw and batpak take turns that end in any way:
// thaw closes or is killed before that, batpak closes, closes without an index or just
// ends, and commits, cancels or leaves open fences. batpak then gives sequences out
// again (D1), under which it cancels fences.
//
// Whatever it makes of that, thaw shows no cancelled event, and an acknowledged one
// that it hides is in a damage of the report. That holds for a reader at every turn,
// without the index, and when the damage was accepted.
//
// Each event has an entity of its own, since batpak does not say which ids it
// cancelled.
func TestTurnsMakeMisnumberedStores(t *testing.T) {
	p := peer(t)
	doubted := 0
	t.Run("seeds", func(t *testing.T) {
		for seed := range seeds(t, 25) {
			g := &mixed{p: p, dir: filepath.Join(t.TempDir(), "store"), random: rand.New(rand.NewPCG(seed, 18)), is: map[string]fate{}}
			t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
				g.t = t
				for session := range int64(6) {
					g.turn(clockUS + session*2_000_000_000)
					g.check("a reader")
				}
				g.last()
			})
			doubted += g.doubted
		}
	})
	require.Positive(t, doubted, "no store was misnumbered")
}

// fate is what became of an event.
type fate string

const (
	acknowledged fate = "acknowledged"
	cancelled    fate = "cancelled"
	// lost has no fate: its fence was open when its process ended, and batpak does not
	// mark it (D32).
	lost fate = "lost"
)

type mixed struct {
	t       *testing.T
	p       *interop.Program
	dir     string
	random  *rand.Rand
	is      map[string]fate // by entity
	doubted int             // checks that met a doubt
}

// name is an entity of its own for an event.
func (g *mixed) name(f fate) string {
	name := fmt.Sprintf("%s %d", f, len(g.is))
	g.is[name] = f
	return name
}

func (g *mixed) turn(us int64) {
	if g.random.IntN(2) == 0 {
		g.thaw(us)
		return
	}
	var steps []interop.Step
	for range g.random.IntN(5) {
		steps = append(steps, g.step())
	}
	unclean := g.random.IntN(2) == 0
	if g.random.IntN(4) == 0 { // nothing may follow it
		f := cancelled // by the close
		if unclean {
			f = lost
		}
		steps = append(steps, interop.Step{Items: g.items(f), Fence: "open"})
	}
	appendTo := g.p.Append
	if unclean {
		appendTo = g.p.AppendUnclean
	}
	answers, err := appendTo(g.t.Context(), g.dir, steps...)
	require.NoError(g.t, err)
	for i, a := range answers {
		require.Empty(g.t, a.Error, "%v", steps[i])
	}
	noIndex := g.random.IntN(4) == 0
	if noIndex {
		removeIndexes(g.t, g.dir)
	}
	g.t.Logf("batpak, unclean %v, index removed %v: %v", unclean, noIndex, steps)
}

func (g *mixed) items(f fate) (items []interop.Asked) {
	for range 1 + g.random.IntN(3) {
		items = append(items, ask(g.name(f)))
	}
	return items
}

func (g *mixed) step() interop.Step {
	switch g.random.IntN(4) {
	case 0:
		return interop.Step{Items: g.items(cancelled), Fence: "cancel"}
	case 1:
		return interop.Step{Items: g.items(acknowledged), Fence: "commit"}
	case 2:
		return interop.Step{Items: g.items(acknowledged)}
	}
	return single(ask(g.name(acknowledged)))
}

func (g *mixed) thaw(us int64) {
	s, err := host.Open(g.t.Context(), g.dir, host.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(g.t, err)
	n := g.random.IntN(5)
	for range n {
		_, err := s.Append(g.t.Context(), event.At(g.name(acknowledged), "scope"), event.Data, "thaw")
		require.NoError(g.t, err)
	}
	killed := copyStore(g.t, g.dir)
	require.NoError(g.t, s.Close())
	unclean := g.random.IntN(3) > 0
	if unclean {
		g.dir = killed
	}
	g.t.Logf("thaw, killed %v: %d events", unclean, n)
}

// check holds what a reader shows against what was promised.
func (g *mixed) check(when string) {
	r, err := host.OpenReader(g.t.Context(), g.dir, host.ReaderOptions{CheckFrames: true, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(g.t, err)
	defer r.Close()
	report := r.Report()
	var shown []string
	for _, e := range events(g.t, r) {
		require.NotEqual(g.t, cancelled, g.is[e.facts.Entity], "%s: %s is shown", when, e.facts.Entity)
		shown = append(shown, e.facts.Entity)
	}
	all, err := host.OpenReader(g.t.Context(), g.dir, host.ReaderOptions{ShowHidden: true, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(g.t, err)
	defer all.Close()
	present := events(g.t, all)
	for _, d := range report.Damages {
		require.Equal(g.t, damage.Renumbered, d.Reason, "%s: %v", when, d)
		g.doubted++
	}
	for name, f := range g.is {
		if f != acknowledged || slices.Contains(shown, name) {
			continue
		}
		i := slices.IndexFunc(present, func(e truth) bool { return e.facts.Entity == name })
		require.GreaterOrEqual(g.t, i, 0, "%s: %s is gone", when, name)
		require.True(g.t, slices.ContainsFunc(report.Damages, func(d *damage.Damage) bool {
			return slices.ContainsFunc(d.Events, func(e damage.Touched) bool { return e.ID == present[i].id })
		}), "%s: %s is hidden and not in doubt: %v", when, name, report.Damages)
	}
	if len(report.Damages) > 0 {
		result, err := host.Verify(g.t.Context(), g.dir, host.ReaderOptions{}, nil)
		require.NoError(g.t, err)
		require.True(g.t, slices.ContainsFunc(result.Damages, func(d *damage.Damage) bool { return d.Reason == damage.Renumbered }))
		require.Equal(g.t, report.Hidden, result.Hidden)
	}
}

// last makes what is there pass through everything that rewrites files.
func (g *mixed) last() {
	whole := g.dir
	g.dir = copyStore(g.t, whole)
	removeIndexes(g.t, g.dir)
	g.check("without an index")

	g.dir = copyStore(g.t, whole)
	g.thaw(clockUS + 20_000_000_000)
	g.check("behind thaw")
	_, err := host.Rebuild(g.t.Context(), g.dir, host.RebuildOptions{Options: host.Options{Logger: slog.New(slog.DiscardHandler)}, AcceptDamage: true})
	require.NoError(g.t, err)
	for range 2 {
		r, err := host.OpenReader(g.t.Context(), g.dir, host.ReaderOptions{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(g.t, err)
		for _, e := range events(g.t, r) {
			require.NotEqual(g.t, cancelled, g.is[e.facts.Entity], "accepted: %s is shown", e.facts.Entity)
		}
		require.NoError(g.t, r.Close())
		removeIndexes(g.t, g.dir)
	}
}
