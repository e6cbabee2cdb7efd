package gate_test

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/core/query"
)

var (
	errLate = errors.New("it is late")
	errPoor = errors.New("too expensive")
)

func permits(*gate.Proposal) error { return nil }

func refuses(err error) func(*gate.Proposal) error {
	return func(*gate.Proposal) error { return err }
}

func proposal() *gate.Proposal {
	return &gate.Proposal{
		Actor: gate.Actor{ID: "user:7"}, At: event.At("order:1", "shop"), Kind: 0x1001,
		Payload: []byte{0x2a}, ID: event.ID{1}, Items: 1,
	}
}

func TestNewPolicyRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		gates []gate.Gate
		err   error
	}{
		"empty name":  {[]gate.Gate{gate.New("", permits)}, gate.ErrName},
		"space":       {[]gate.Gate{gate.New("a b", permits)}, gate.ErrName},
		"not ASCII":   {[]gate.Gate{gate.New("größe", permits)}, gate.ErrName},
		"long name":   {[]gate.Gate{gate.New(strings.Repeat("n", gate.MaxName+1), permits)}, gate.ErrName},
		"equal names": {[]gate.Gate{gate.New("a", permits), gate.New("a", permits)}, gate.ErrNameTwice},
		"no function": {[]gate.Gate{gate.New("a", nil)}, gate.ErrNoJudge},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := gate.NewPolicy(c.gates...)
			require.ErrorIs(t, err, c.err)
			var definition *gate.DefinitionError
			require.ErrorAs(t, err, &definition)
			require.Equal(t, len(c.gates)-1, definition.Gate)
			require.Panics(t, func() { gate.Set(c.gates...) })
		})
	}
}

func TestPolicyIsACopy(t *testing.T) {
	gates := []gate.Gate{gate.New("a", refuses(errLate))}
	p := gate.Set(gates...)
	gates[0] = gate.New("b", permits)
	p.Gates()[0] = "c"
	require.Equal(t, []string{"a"}, p.Gates())
	require.ErrorIs(t, p.Judge(proposal()), errLate)
}

func TestNoGatePermits(t *testing.T) {
	require.NoError(t, (*gate.Policy)(nil).Judge(proposal()))
	require.NoError(t, gate.Set().JudgeAll(proposal()))
	require.Empty(t, (*gate.Policy)(nil).Gates())
}

// TestVerdicts: Judge asks up to the first refusal, JudgeAll asks every gate.
func TestVerdicts(t *testing.T) {
	boom := errors.New("boom")
	yes, late, poor := gate.New("yes", permits), gate.New("late", refuses(errLate)), gate.New("poor", refuses(errPoor))
	panics := gate.New("panics", func(*gate.Proposal) error { panic(boom) })
	nils := gate.New("nils", func(*gate.Proposal) error { panic(nil) })
	for name, c := range map[string]struct {
		gates      []gate.Gate
		first, all string // the outcomes, "" where nothing is refused
		gate       string // the first that refuses
		reasons    []error
	}{
		"all permit":   {gates: []gate.Gate{yes}},
		"the only one": {[]gate.Gate{late}, "refused", "refused", "late", []error{errLate}},
		"two":          {[]gate.Gate{yes, late, poor}, "permitted,refused,not asked", "permitted,refused,refused", "late", []error{errLate, errPoor}},
		"the last":     {[]gate.Gate{yes, poor}, "permitted,refused", "permitted,refused", "poor", []error{errPoor}},
		"a panic":      {[]gate.Gate{panics, yes}, "panicked,not asked", "panicked,permitted", "panics", []error{boom}},
		"a nil panic":  {[]gate.Gate{nils, late}, "panicked,not asked", "panicked,refused", "nils", []error{errLate}},
	} {
		t.Run(name, func(t *testing.T) {
			p := gate.Set(c.gates...)
			for i, want := range []string{c.first, c.all} {
				judge := []func(*gate.Proposal) error{p.Judge, p.JudgeAll}[i]
				err := judge(proposal())
				if want == "" {
					require.NoError(t, err)
					continue
				}
				require.ErrorIs(t, err, gate.ErrDenied)
				var d *gate.Denial
				require.ErrorAs(t, err, &d)
				var outcomes, names []string
				for _, v := range d.Verdicts {
					outcomes, names = append(outcomes, v.Outcome.String()), append(names, v.Gate)
					require.Equal(t, v.Outcome == gate.Refused || v.Outcome == gate.Panicked, v.Reason != nil)
				}
				require.Equal(t, want, strings.Join(outcomes, ","))
				require.Equal(t, p.Gates(), names)
				require.Equal(t, c.gate, d.Gate)
				require.Equal(t, "user:7", d.Actor)
				require.Equal(t, event.At("order:1", "shop"), d.At)
				require.Contains(t, err.Error(), c.gate)
				if i == 1 {
					for _, reason := range c.reasons {
						require.ErrorIs(t, err, reason)
					}
				}
			}
		})
	}
}

// TestGoexit: a gate that ends its goroutine permits nothing.
func TestGoexit(t *testing.T) {
	p := gate.Set(gate.New("exits", func(*gate.Proposal) error { runtime.Goexit(); return nil }))
	returned, ended := false, make(chan struct{})
	go func() {
		defer close(ended)
		_ = p.Judge(proposal())
		returned = true
	}()
	<-ended
	require.False(t, returned)
}

// TestGatesGetCopies: nothing that a gate does to its proposal reaches the next gate or the
// caller.
func TestGatesGetCopies(t *testing.T) {
	original := func() *gate.Proposal {
		p := proposal()
		p.Conditions = []commit.Condition{{From: 1, Regions: []query.Region{{Entity: "e"}}}}
		return p
	}
	for name, c := range map[string]struct {
		change func(p *gate.Proposal)
		err    error
	}{
		"fields": {func(p *gate.Proposal) {
			p.At.Entity, p.Kind, p.Payload, p.Actor.ID = "x", 0x2000, []byte{1}, "root"
		}, nil},
		"bytes":        {func(p *gate.Proposal) { p.Payload[0] = 0 }, gate.ErrChanged},
		"grown":        {func(p *gate.Proposal) { _ = append(p.Payload, 1) }, nil},
		"a condition":  {func(p *gate.Proposal) { p.Conditions[0].From = 9 }, nil},
		"its regions":  {func(p *gate.Proposal) { p.Conditions[0].Regions[0].Entity = "x" }, nil},
		"more of them": {func(p *gate.Proposal) { p.Conditions = nil }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			given, asked := original(), 0
			policy := gate.Set(
				gate.New("changes", func(p *gate.Proposal) error { c.change(p); return nil }),
				gate.New("looks", func(p *gate.Proposal) error {
					asked++
					require.Equal(t, original(), p)
					return nil
				}))
			require.ErrorIs(t, policy.JudgeAll(given), c.err)
			require.Equal(t, 1, asked)
			require.Equal(t, original(), given)
		})
	}
}

// TestJudgeBatch: an append of several events is judged event by event, each as it will be
// written.
func TestJudgeBatch(t *testing.T) {
	var seen []gate.Proposal
	policy := gate.Set(gate.New("small", func(p *gate.Proposal) error {
		c := *p
		c.Payload = slices.Clone(p.Payload)
		seen = append(seen, c)
		if p.Payload[0] > 9 {
			return errPoor
		}
		return nil
	}))
	entry := func(id, payload byte, cause int) commit.Entry {
		return commit.Entry{ID: event.ID{id}, Payload: []byte{payload}, Cause: cause}
	}
	b := gate.Batch{
		Actor: gate.Actor{ID: "user:7"}, NowUS: 5,
		Entries: []commit.Entry{entry(1, 3, 0), entry(2, 4, 1), entry(3, 10, 2), entry(4, 11, 0), entry(5, 1, 0)},
		Values:  []any{3, 4, 10, 11, 1},
	}
	var d *gate.Denial
	require.ErrorAs(t, policy.JudgeBatch(&b), &d)
	require.Equal(t, 2, d.Item)
	require.Len(t, seen, 3)
	require.Equal(t, gate.Proposal{
		Actor: b.Actor, NowUS: 5, Payload: []byte{4}, Value: 4, ID: event.ID{2},
		Correlation: event.ID{2}, Causation: event.ID{1}, Item: 1, Items: 5,
	}, seen[1])

	b.All, seen = true, nil
	require.ErrorAs(t, policy.JudgeBatch(&b), &d)
	require.Len(t, seen, 5)
	require.Equal(t, 2, d.Item)
	require.Equal(t, []gate.Verdict{
		{Item: 2, Gate: "small", Outcome: gate.Refused, Reason: errPoor},
		{Item: 3, Gate: "small", Outcome: gate.Refused, Reason: errPoor},
	}, d.Verdicts)

	open := gate.Batch{Entries: b.Entries[:2], From: 1, Values: []any{4}, Open: true}
	seen = nil
	require.NoError(t, policy.JudgeBatch(&open))
	require.Len(t, seen, 1)
	require.Equal(t, 4, seen[0].Value)
	require.Equal(t, 1, seen[0].Item)
	require.Zero(t, seen[0].Items)
}

// TestJudgeAllocations: three gates that permit cost two allocations.
func TestJudgeAllocations(t *testing.T) {
	p := gate.Set(gate.New("a", permits), gate.New("b", permits), gate.New("c", permits))
	given := proposal()
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		if p.Judge(given) != nil {
			t.Fail()
		}
	}), 2.0)
}

func BenchmarkJudge(b *testing.B) {
	p := gate.Set(gate.New("a", permits), gate.New("b", permits), gate.New("c", permits))
	given := proposal()
	given.Payload = make([]byte, 120)
	b.ReportAllocs()
	for b.Loop() {
		if p.Judge(given) != nil {
			b.Fatal()
		}
	}
}
