package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Judgement is what a policy said of an append; see [Judge].
type Judgement struct {
	t       testing.TB
	err     error
	denial  *gate.Denial
	checked *bool
}

// Judge asks every gate of a policy about an append of all events or none, as
// [host.Store.JudgeAll] does. It must be followed by Permits or Refuses. Events that could
// not be appended end the test.
func Judge(t testing.TB, types *typed.Types, policy *gate.Policy, actor gate.Actor, events ...any) *Judgement {
	t.Helper()
	store := OpenWith(t, host.Options{Policy: policy})
	_, err := store.JudgeAll(t.Context(), actor, items(t, types, events))
	var denial *gate.Denial
	if err != nil && !errors.As(err, &denial) {
		t.Fatalf("storetest: the append cannot be judged: %v", err)
	}
	return &Judgement{t: t, err: err, denial: denial, checked: newOutcome(t, types, nil, nil).checked}
}

// Permits expects that every gate permits every event.
func (j *Judgement) Permits() {
	j.t.Helper()
	*j.checked = true
	if j.err != nil {
		j.t.Errorf("storetest: want a permit%s", j.verdicts())
	}
}

// Refuses expects that exactly these gates refuse one of the events or more. Their
// reasons are in Err.
func (j *Judgement) Refuses(gates ...string) *Judgement {
	j.t.Helper()
	*j.checked = true
	var got []string
	if j.denial != nil {
		for _, v := range j.denial.Verdicts {
			if v.Reason != nil {
				got = append(got, v.Gate)
			}
		}
	}
	slices.Sort(got)
	want := slices.Sorted(slices.Values(gates))
	if got = slices.Compact(got); !slices.Equal(got, want) {
		j.t.Errorf("storetest: want a refusal of %q, got one of %q%s", want, got, j.verdicts())
	}
	return j
}

// Err is a *[gate.Denial], nil if the append is permitted.
func (j *Judgement) Err() error { return j.err }

// verdicts returns a line for each gate that was asked.
func (j *Judgement) verdicts() string {
	if j.denial == nil {
		return ": every gate permits"
	}
	var b strings.Builder
	for _, v := range j.denial.Verdicts {
		fmt.Fprintf(&b, "\n    event %d, %s: %s", v.Item, v.Gate, v.Outcome)
		if v.Reason != nil {
			fmt.Fprintf(&b, ": %v", v.Reason)
		}
	}
	return b.String()
}
