package host_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// record decodes a record.
func record[T any](t testing.TB, e event.Full) (r T) {
	require.NoError(t, payload.Unmarshal(e.Payload, &r))
	return r
}

// eventsOf returns the events of a kind with their payloads.
func eventsOf(t testing.TB, r host.Reader, k event.Kind) (events []event.Full) {
	ctx := context.Background()
	for e, err := range r.Query(ctx, host.Region{Kinds: event.Only(k)}, host.Page{}) {
		require.NoError(t, err)
		full, err := r.Read(ctx, e)
		require.NoError(t, err)
		events = append(events, full)
	}
	return events
}

// TestPermitRecords: each append has one record, which its first event leads to, and from
// every event Find leads to it.
func TestPermitRecords(t *testing.T) {
	for way, appendAs := range appendWays {
		t.Run(way, func(t *testing.T) {
			st, ctx := openJudged(t, true, limit, gate.New("second", func(*gate.Proposal) error { return nil })), t.Context()
			records := &host.Records{At: audit, Permitted: kindPermitted, Bypassed: kindBypassed}
			items := amounts(1, 2, 3)
			conversation := event.ID{7}
			for i := range items {
				items[i].Options = []host.AppendOption{
					host.Correlated(conversation), host.WithMeta(event.NewMeta(map[string]string{event.MetaRequest: "r"})),
				}
			}
			_, err := appendAs(st.As(alice), items)
			require.NoError(t, err)
			events := eventsOf(t, st, 0x1001)
			require.Len(t, events, 3)
			each := 1
			if way == "AppendBatch" || way == "Fence" {
				each = 3
			}
			kept := eventsOf(t, st, kindPermitted)
			require.Len(t, kept, 3/each)
			for i, e := range events {
				want := kept[i/each]
				first := events[i/each*each]
				found, err := records.Find(ctx, st, e.Event)
				require.NoError(t, err)
				require.Equal(t, want.ID, found.ID)
				r := record[gate.PermitRecord](t, found)
				require.Equal(t, alice.ID, r.Actor)
				require.Equal(t, []string{"limit", "second"}, r.Gates)
				require.Equal(t, each, r.Items)
				require.NotZero(t, r.TimeUS)
				require.Equal(t, first.ID, want.Causation)
				require.Equal(t, conversation, want.Correlation)
				require.Equal(t, "r", want.Meta.Get(event.MetaRequest))
				effects := 0
				for effect, err := range st.Effects(ctx, first.ID, 1) {
					require.NoError(t, err)
					require.Equal(t, want.ID, effect.ID)
					effects++
				}
				require.Equal(t, 1, effects)
			}
			_, err = records.Find(ctx, st, kept[0].Event)
			require.ErrorIs(t, err, host.ErrNotFound, "a record has none")
		})
	}
}

// TestRecordIsAnEffectWithoutConversation: an event that begins a conversation has its record
// in it.
func TestRecordIsAnEffectWithoutConversation(t *testing.T) {
	st := openJudged(t, true, limit)
	r, err := st.As(alice).Append(t.Context(), event.At("account:1", "bank"), 0x1001, 1)
	require.NoError(t, err)
	require.Equal(t, r.ID, eventsOf(t, st, kindPermitted)[0].Correlation)
}

func TestDenialRecords(t *testing.T) {
	for way, appendAs := range appendWays {
		t.Run(way, func(t *testing.T) {
			st, ctx := openJudged(t, true, gate.New("first", func(*gate.Proposal) error { return nil }), limit), t.Context()
			command := event.ID{9}
			items := amounts(1, 101)
			for i := range items {
				items[i].Options = []host.AppendOption{host.CausedBy(command), host.Correlated(command)}
			}
			_, err := appendAs(st.As(alice), items)
			var denial *gate.Denial
			require.ErrorAs(t, err, &denial)
			kept := eventsOf(t, st, kindDenied)
			require.Len(t, kept, 1)
			require.Equal(t, command, kept[0].Causation)
			require.Equal(t, command, kept[0].Correlation)
			require.Equal(t, audit, kept[0].Coordinate)
			r := record[gate.DenialRecord](t, kept[0])
			require.NotZero(t, r.TimeUS)
			r.TimeUS = 0
			require.Equal(t, gate.DenialRecord{
				Actor: alice.ID, Gate: "limit", Reason: errLimit.Error(),
				Entity: "account:1", Scope: "bank", Kind: 0x1001, ID: denial.ID.String(), Item: denial.Item,
				Verdicts: []gate.VerdictRecord{
					{Item: denial.Item, Gate: "first", Outcome: "permitted"},
					{Item: denial.Item, Gate: "limit", Outcome: "refused", Reason: errLimit.Error()},
				},
			}, r)
			for e, err := range st.Query(ctx, host.Region{}, host.Page{Reverse: true, Limit: 1}) {
				require.NoError(t, err)
				require.Equal(t, kept[0].ID, e.ID, "it comes after what was appended before the refusal")
			}
		})
	}
}

func TestBypass(t *testing.T) {
	why := gate.Bypass{Reason: "migration", Justification: "ticket 42"}
	for way, appendAs := range appendWays {
		for _, recorded := range []bool{false, true} {
			t.Run(way, func(t *testing.T) {
				st, ctx := openJudged(t, recorded, gate.New("never", func(*gate.Proposal) error { return errLimit })), t.Context()
				items := amounts(1000)
				items[0].Options = []host.AppendOption{host.WithMeta(event.NewMeta(map[string]string{"trace": "t"}))}
				for _, bad := range []gate.Bypass{{}, {Reason: "r"}, {Justification: "j"}} {
					_, err := appendAs(st.Bypass(bad, alice), items)
					require.ErrorIs(t, err, gate.ErrBypass)
				}
				_, err := appendAs(st.Bypass(why, alice), items)
				require.NoError(t, err)
				events := eventsOf(t, st, 0x1001)
				require.Len(t, events, 1)
				m := events[0].Meta
				require.Equal(t, []string{"migration", "ticket 42", alice.ID, "t"},
					[]string{m.Get(gate.MetaBypass), m.Get(gate.MetaJustification), m.Get(gate.MetaActor), m.Get("trace")})
				kept := eventsOf(t, st, kindBypassed)
				if !recorded {
					require.Empty(t, kept)
					return
				}
				require.Len(t, kept, 1)
				require.Equal(t, events[0].ID, kept[0].Causation)
				r := record[gate.BypassRecord](t, kept[0])
				require.NotZero(t, r.TimeUS)
				r.TimeUS = 0
				require.Equal(t, gate.BypassRecord{Actor: alice.ID, Reason: "migration", Justification: "ticket 42", Items: 1}, r)
				found, err := (&host.Records{At: audit, Bypassed: kindBypassed}).Find(ctx, st, events[0].Event)
				require.NoError(t, err)
				require.Equal(t, kept[0].ID, found.ID)
			})
		}
	}
}

// TestBypassMarkIsNotInherited: metadata of an event that was not judged, given to one that
// is, does not say that of it.
func TestBypassMarkIsNotInherited(t *testing.T) {
	st, ctx := openJudged(t, false, limit), t.Context()
	_, err := st.Bypass(gate.Bypass{Reason: "r", Justification: "j"}, alice).AppendBatch(ctx, amounts(1000))
	require.NoError(t, err)
	items := amounts(1)
	items[0].Options = []host.AppendOption{host.WithMeta(eventsOf(t, st, 0x1001)[0].Meta)}
	_, err = st.As(alice).AppendBatch(ctx, items)
	require.NoError(t, err)
	require.Zero(t, eventsOf(t, st, 0x1001)[1].Meta)
}

// TestRecordsAreChecked when the store is opened, before anything is created.
func TestRecordsAreChecked(t *testing.T) {
	policy := gate.Set(limit)
	for name, o := range map[string]host.Options{
		"no policy":     {Records: &host.Records{At: audit, Denied: kindDenied}},
		"no place":      {Policy: policy, Records: &host.Records{Denied: kindDenied}},
		"reserved kind": {Policy: policy, Records: &host.Records{At: audit, Permitted: event.EffectAck}},
	} {
		t.Run(name, func(t *testing.T) {
			o.FS = crashfs.New()
			_, err := host.Open(t.Context(), "store", o)
			var record *host.RecordError
			require.ErrorAs(t, err, &record)
			_, err = o.FS.Lstat("store")
			require.Error(t, err)
		})
	}
}

// TestRecordThatDoesNotFit refuses the append, and a refusal whose record cannot be written
// stays a refusal.
func TestRecordThatDoesNotFit(t *testing.T) {
	st, ctx := openJudged(t, true, limit), t.Context()
	items := amounts(host.Raw(append([]byte{0xc6, 3, 0xff, 0xff, 0xf9}, make([]byte, 64<<20-7)...)))
	_, err := st.Bypass(gate.Bypass{Reason: "r", Justification: strings.Repeat("j", 4097)}, alice).AppendBatch(ctx, amounts(1))
	var meta *host.MetaError
	require.ErrorAs(t, err, &meta)
	st2 := openJudged(t, true, gate.New("any", func(*gate.Proposal) error { return nil }))
	_, err = st2.As(alice).AppendBatch(ctx, items)
	require.ErrorIs(t, err, host.ErrLimit)
	require.Empty(t, eventsOf(t, st2, 0x1001))

	require.NoError(t, st.Close())
	_, err = st.As(alice).AppendBatch(ctx, amounts(101))
	require.ErrorIs(t, err, gate.ErrDenied)
	require.ErrorIs(t, err, host.ErrClosed)
	var record *host.RecordError
	require.True(t, errors.As(err, &record))
}

// TestFindOfAnotherAppend: an event that was appended without a record has none, whatever
// records come after it.
func TestFindOfAnotherAppend(t *testing.T) {
	ctx, fsys := t.Context(), crashfs.New()
	st, err := host.Open(ctx, "store", host.Options{FS: fsys, Logger: quiet})
	require.NoError(t, err)
	_, err = st.AppendBatch(ctx, amounts(1, 2))
	require.NoError(t, err)
	require.NoError(t, st.Close())
	records := &host.Records{At: audit, Permitted: kindPermitted}
	st, err = host.Open(ctx, "store", host.Options{FS: fsys, Policy: gate.Set(limit), Records: records, Logger: quiet})
	require.NoError(t, err)
	defer st.Close()
	_, err = st.As(alice).AppendBatch(ctx, amounts(3, 4))
	require.NoError(t, err)
	for i, e := range eventsOf(t, st, 0x1001) {
		_, err := records.Find(ctx, st, e.Event)
		if i < 2 {
			require.ErrorIs(t, err, host.ErrNotFound)
			continue
		}
		require.NoError(t, err)
	}
}

// TestForgedRecord: an actor cannot append what an audit would take for the record of another
// event, in any way.
func TestForgedRecord(t *testing.T) {
	for way, appendAs := range appendWays {
		st, ctx := openJudged(t, true, limit), t.Context()
		payload := gate.PermitRecord{Actor: "nobody", Gates: []string{"limit"}, Items: 1}
		for _, kind := range []event.Kind{kindPermitted, kindBypassed, kindDenied} {
			forged := []host.Item{amounts(1)[0], {At: event.At(audit.Entity, "other"), Kind: kind, Payload: payload}}
			_, err := appendAs(st.As(alice), forged[1:])
			require.ErrorIs(t, err, host.ErrRecordKind, way)
			_, err = appendAs(st.Bypass(gate.Bypass{Reason: "r", Justification: "j"}, alice), forged)
			require.ErrorIs(t, err, host.ErrRecordKind, way)
			_, err = st.Judge(ctx, alice, forged)
			require.ErrorIs(t, err, host.ErrRecordKind, way)
		}
		// The kind alone, and the entity alone, are nobody's.
		_, err := appendAs(st.As(alice), []host.Item{{At: event.At("e", "s"), Kind: kindPermitted, Payload: 1}, {At: audit, Kind: 0x1abc, Payload: 1}})
		require.NoError(t, err, way)
	}
}
