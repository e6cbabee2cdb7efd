package commit_test

import (
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
)

// model does in maps what a log does. It is a commit.History too.
type model struct {
	heads map[string]commit.Head
	known map[event.ID]commit.Known
	next  uint64
	// events are the store's, by rising sequence, for conditions.
	events []commit.Known
}

func newModel(next uint64) *model {
	return &model{heads: map[string]commit.Head{}, known: map[event.ID]commit.Known{}, next: next}
}

func (m *model) clone() *model {
	return &model{maps.Clone(m.heads), maps.Clone(m.known), m.next, slices.Clone(m.events)}
}

func (m *model) Latest(entity string) (commit.Head, bool, error) {
	h, ok := m.heads[entity]
	return h, ok, nil
}

func (m *model) ByID(id event.ID) (commit.Known, bool, error) {
	k, ok := m.known[id]
	return k, ok, nil
}

func (m *model) Identity() (id event.ID, err error) {
	if len(m.events) > 0 {
		id = m.events[0].ID
	}
	return id, nil
}

func (m *model) FirstIn(r *query.Region, from, _ uint64) (commit.Known, bool, uint64, error) {
	for _, k := range m.events {
		if k.Sequence >= from && !k.Cancelled && in(r, &k) {
			return k, true, m.next, nil
		}
	}
	return commit.Known{}, false, m.next, nil
}

// in reports whether an event is in a region.
func in(r *query.Region, k *commit.Known) bool {
	low, high, limited := r.Clocks.Bounds()
	return (r.Entity == "" || r.Entity == k.Entity) && strings.HasPrefix(k.Entity, r.EntityPrefix) &&
		(r.Scope == "" || r.Scope == k.Scope) && r.Kinds.Has(k.Kind) && (!limited || low <= k.Clock && k.Clock <= high)
}

// errCheck is the error of a condition's Check in the tests.
var errCheck = errors.New("the check")

// holds returns the error of a condition. committed is the end of the committed events.
func (m *model) holds(c *commit.Condition, committed uint64) error {
	if c.Check != nil {
		id := event.ID{}
		if len(m.events) > 0 && m.events[0].Sequence < committed {
			id = m.events[0].ID
		}
		if err := c.Check(id, committed); err != nil {
			return err
		}
	}
	for _, k := range m.events {
		for i := range c.Regions {
			if k.Sequence >= c.From && !k.Cancelled && in(&c.Regions[i], &k) {
				return &commit.ConditionError{From: c.From, Region: i, ID: k.ID, Sequence: k.Sequence, At: k.Coordinate, Kind: k.Kind}
			}
		}
	}
	return nil
}

// requireError requires the error that the model expects.
func requireError(t require.TestingT, got, want error) {
	var condition *commit.ConditionError
	if !errors.As(want, &condition) {
		require.ErrorIs(t, got, want)
		return
	}
	var is *commit.ConditionError
	require.ErrorAs(t, got, &is)
	require.Equal(t, condition.InBatch, errors.Is(got, commit.ErrBatchCondition))
	require.Equal(t, !condition.InBatch, errors.Is(got, commit.ErrConflict))
	require.Equal(t, condition, is)
}

// there returns the receipt of an entry whose key is known.
func (m *model) there(e *commit.Entry) (r commit.Receipt, ok bool, err error) {
	k, ok := m.known[e.ID]
	if !e.Key || !ok {
		return r, false, nil
	}
	if k.Cancelled || k.Coordinate != e.Coordinate || k.Kind != e.Kind || k.Hash != e.Hash {
		return r, false, commit.ErrKey
	}
	k.Repeated = true
	return k.Receipt, true, nil
}

// met reports whether an entity in state s satisfies e.
func met(e commit.Expected, s commit.State) bool {
	switch e {
	case commit.Any:
		return true
	case commit.NoEvents:
		return !s.Some
	}
	return s.Some && e == commit.AtClock(s.Clock)
}

// add appends an entry and returns the body that its frame must have. The receipt has
// no position yet.
func (m *model) add(e *commit.Entry, nowUS int64, committed uint64) (commit.Receipt, segment.Body, error) {
	h, some := m.heads[e.Entity]
	if !met(e.Expected, h.State) {
		return commit.Receipt{}, segment.Body{}, commit.ErrConflict
	}
	for _, c := range e.Conditions {
		if err := m.holds(c, committed); err != nil {
			return commit.Receipt{}, segment.Body{}, err
		}
	}
	if e.Timed {
		nowUS = e.TimeUS
	}
	b := segment.Body{
		ID: e.ID, Correlation: e.Correlation, Causation: e.Causation, Caused: !e.Causation.IsZero(),
		TimestampUS: nowUS, WallMS: uint64(nowUS / 1000), PayloadSize: uint32(len(e.Payload)),
		Kind: e.Kind, Flags: e.Flags, ContentHash: e.Hash, Payload: e.Payload,
		Chained: true, PrevHash: h.Hash, EventHash: e.Hash,
		Entity: []byte(e.Entity), Scope: []byte(e.Scope),
	}
	if b.Correlation.IsZero() {
		b.Correlation = b.ID
	}
	if some {
		b.Clock = h.Clock + 1
		if h.WallMS < 1<<53 && h.WallMS > b.WallMS {
			b.WallMS = h.WallMS
		}
	}
	r := commit.Receipt{ID: e.ID, Sequence: m.next, Clock: b.Clock}
	m.next++
	m.heads[e.Entity] = commit.Head{Clock: b.Clock, WallMS: b.WallMS, Hash: e.Hash, State: commit.State{Some: true, Clock: b.Clock}}
	k := commit.Known{Receipt: r, Coordinate: e.Coordinate, Kind: e.Kind, Hash: e.Hash}
	if _, ok := m.known[e.ID]; !ok {
		m.known[e.ID] = k
	}
	m.events = append(m.events, k)
	return r, b, nil
}

// batch is add for a batch; it changes m only when it returns no error.
func (m *model) batch(entries []commit.Entry, nowUS int64, committed uint64) (rs []commit.Receipt, bodies []segment.Body, err error) {
	for i := range entries {
		r, ok, err := m.there(&entries[i])
		if err != nil {
			return nil, nil, err
		}
		if ok {
			rs = append(rs, r)
		}
	}
	ids := map[event.ID]bool{}
	for _, r := range rs {
		if ids[r.ID] {
			return nil, nil, commit.ErrKey
		}
		ids[r.ID] = true
	}
	if len(rs) == len(entries) {
		return rs, nil, nil
	}
	if len(rs) > 0 {
		return nil, nil, commit.ErrKey
	}
	n := m.clone()
	for _, e := range entries {
		if e.Cause > 0 {
			e.Causation = entries[e.Cause-1].ID
		}
		if _, twice := n.known[e.ID]; e.Key && twice {
			return nil, nil, commit.ErrKey
		}
		r, b, err := n.add(&e, nowUS, committed)
		var broken *commit.ConditionError
		if errors.As(err, &broken) {
			broken.InBatch = broken.Sequence >= m.next
		}
		if err != nil {
			return nil, nil, err
		}
		rs, bodies = append(rs, r), append(bodies, b)
	}
	at := nowUS
	if entries[0].Timed {
		at = entries[0].TimeUS
	}
	marker := segment.Body{
		Kind: event.SystemBatchBegin, PayloadSize: uint32(len(entries)), TimestampUS: at, WallMS: uint64(at / 1000),
		Entity: []byte(segment.MarkerEntity), Scope: []byte(segment.MarkerScope),
	}
	binary.BigEndian.PutUint64(marker.ID[8:], m.next)
	marker.Correlation = marker.ID
	end := marker
	end.Kind, end.PayloadSize = event.SystemBatchCommit, 0
	*m = *n
	if len(entries) == 1 {
		return rs, bodies, nil
	}
	return rs, append(append([]segment.Body{marker}, bodies...), end), nil
}

// invalid lists the ways to make an entry that every log refuses.
var invalid = []struct {
	name  string
	spoil func(*commit.Entry)
	err   error
}{
	{"no entity", func(e *commit.Entry) { e.Entity = "" }, event.ErrNameEmpty},
	{"a long scope", func(e *commit.Entry) { e.Scope = string(make([]byte, 1025)) }, event.ErrNameLong},
	{"no UTF-8", func(e *commit.Entry) { e.Entity = "\xff" }, event.ErrNameUTF8},
	{"no payload", func(e *commit.Entry) { e.Payload = nil }, commit.ErrPayload},
	{"a zero id", func(e *commit.Entry) { e.ID = event.ID{} }, commit.ErrZeroID},
	{"BEGIN", func(e *commit.Entry) { e.Kind = event.SystemBatchBegin }, commit.ErrKind},
	{"COMMIT", func(e *commit.Entry) { e.Kind = event.SystemBatchCommit }, commit.ErrKind},
	{"an unknown system kind", func(e *commit.Entry) { e.Kind = 0x0123 }, commit.ErrKind},
	{"kind zero", func(e *commit.Entry) { e.Kind = 0 }, commit.ErrKind},
	{"a kind of iota", func(e *commit.Entry) { e.Kind, e.ReservedKind = event.SystemInit, false }, commit.ErrKind},
	{"an effect without allowance", func(e *commit.Entry) { e.Kind, e.ReservedKind = event.EffectAck, false }, commit.ErrKind},
	{"BEGIN, allowed", func(e *commit.Entry) { e.Kind, e.ReservedKind = event.SystemBatchBegin, true }, commit.ErrKind},
	{"COMMIT, allowed", func(e *commit.Entry) { e.Kind, e.ReservedKind = event.SystemBatchCommit, true }, commit.ErrKind},
	{"an unknown system kind, allowed", func(e *commit.Entry) { e.Kind, e.ReservedKind = 0x0123, true }, commit.ErrKind},
	{"an unknown effect", func(e *commit.Entry) { e.Kind = 0xD003 }, commit.ErrKind},
	{"an unknown flag", func(e *commit.Entry) { e.Flags = 4 }, commit.ErrFlags},
	{"the high flag", func(e *commit.Entry) { e.Flags = 0x80 }, commit.ErrFlags},
	{"before 1970", func(e *commit.Entry) { e.TimeUS, e.Timed = -1, true }, commit.ErrTime},
	{"too late", func(e *commit.Entry) { e.TimeUS, e.Timed = (1<<53)*1000, true }, commit.ErrTime},
	{"the end of time", func(e *commit.Entry) { e.TimeUS, e.Timed = math.MaxInt64, true }, commit.ErrTime},
	{"caused by itself or later", func(e *commit.Entry) { e.Cause = 1000 }, commit.ErrCause},
	{"caused by none", func(e *commit.Entry) { e.Cause = -1 }, commit.ErrCause},
}

// maker draws entries.
type maker struct {
	*rapid.T
	last uint64
}

func (m *maker) entry(state *model) commit.Entry {
	e := commit.Entry{
		Coordinate: event.At(
			rapid.SampledFrom([]string{"a", "b", "c", "a name of some length", "old", "hidden", "far"}).Draw(m.T, "entity"),
			rapid.SampledFrom([]string{"a", "s", "t"}).Draw(m.T, "scope")),
		Kind:    rapid.SampledFrom([]event.Kind{event.Data, 0xE001, 0xF000, event.Tombstone, event.EffectAck, event.SystemInit}).Draw(m.T, "kind"),
		Payload: rapid.SliceOfN(rapid.Byte(), 1, 9).Draw(m.T, "payload"),
		Flags:   rapid.SampledFrom([]uint8{0, 1, 2, 8, 11}).Draw(m.T, "flags"),

		ReservedKind: true,
	}
	m.last++
	e.Hash[0], e.Hash[31] = byte(m.last), byte(m.last>>8)
	binary.BigEndian.PutUint64(e.ID[8:], 1000+m.last)
	if rapid.IntRange(0, 2).Draw(m.T, "keyed") == 0 {
		e.Key = true
		e.ID = event.ID{15: rapid.ByteRange(1, 12).Draw(m.T, "key")}
		if k, ok := state.known[e.ID]; ok && rapid.Bool().Draw(m.T, "same") {
			e.Coordinate, e.Kind, e.Hash = k.Coordinate, k.Kind, k.Hash
			if rapid.IntRange(0, 3).Draw(m.T, "other payload") == 0 {
				e.Hash[1]++
			}
		}
	}
	if rapid.IntRange(0, 2).Draw(m.T, "linked") == 0 {
		e.Correlation, e.Causation = event.ID{1}, event.ID{2}
	}
	switch h := state.heads[e.Entity]; rapid.IntRange(0, 5).Draw(m.T, "expected") {
	case 0:
		e.Expected = commit.NoEvents
	case 1, 2:
		if e.Expected = commit.NoEvents; h.State.Some {
			e.Expected = commit.AtClock(h.State.Clock)
		}
	case 3:
		e.Expected = commit.AtClock(h.State.Clock + 1)
	}
	if rapid.IntRange(0, 3).Draw(m.T, "timed") == 0 {
		e.TimeUS, e.Timed = rapid.Int64Range(0, 9_000_000).Draw(m.T, "time"), true
	}
	for range rapid.IntRange(0, 2).Draw(m.T, "conditions") * rapid.IntRange(0, 1).Draw(m.T, "conditional") {
		e.Conditions = append(e.Conditions, m.condition(state))
	}
	return e
}

// condition draws a condition, which often holds.
func (m *maker) condition(state *model) *commit.Condition {
	c := &commit.Condition{From: rapid.Uint64Range(0, state.next+1).Draw(m.T, "from")}
	if rapid.Bool().Draw(m.T, "late") {
		c.From = max(state.next, 2) - 2
	}
	for range rapid.IntRange(1, 3).Draw(m.T, "regions") {
		c.Regions = append(c.Regions, m.region(state))
	}
	switch rapid.IntRange(0, 7).Draw(m.T, "check") {
	case 0:
		want, _ := state.Identity()
		c.Check = func(store event.ID, end uint64) error {
			if store != want || c.From > end {
				return errCheck
			}
			return nil
		}
	case 1:
		c.Check = func(event.ID, uint64) error { return errCheck }
	}
	return c
}

func (m *maker) region(state *model) (r query.Region) {
	if rapid.IntRange(0, 1).Draw(m.T, "by entity") == 0 {
		r.Entity = rapid.SampledFrom([]string{"a", "b", "old", "hidden", "s", "nobody"}).Draw(m.T, "in entity")
	}
	if rapid.IntRange(0, 2).Draw(m.T, "by prefix") == 0 {
		r.EntityPrefix = rapid.SampledFrom([]string{"a", "a name", "o", "x"}).Draw(m.T, "prefix")
	}
	if rapid.IntRange(0, 2).Draw(m.T, "by scope") == 0 {
		r.Scope = rapid.SampledFrom([]string{"a", "s", "t", "none"}).Draw(m.T, "in scope")
	}
	switch rapid.IntRange(0, 5).Draw(m.T, "by kind") {
	case 0:
		r.Kinds = event.Only(0xF000)
	case 1:
		r.Kinds = event.InCategory(1)
	case 2:
		r.Kinds = event.Only(0x4444)
	}
	if rapid.IntRange(0, 4).Draw(m.T, "by clock") == 0 {
		low := rapid.Uint32Range(0, 8).Draw(m.T, "low")
		r.Clocks = query.ClocksBetween(low, low+rapid.Uint32Range(0, 3).Draw(m.T, "more"))
	}
	return r
}

// spoil sometimes makes one of the entries invalid.
func (m *maker) spoil(entries []commit.Entry) error {
	if rapid.IntRange(0, 5).Draw(m.T, "spoil") > 0 {
		return nil
	}
	how := rapid.SampledFrom(invalid).Draw(m.T, "how")
	how.spoil(&entries[rapid.IntRange(0, len(entries)-1).Draw(m.T, "item")])
	return how.err
}

// TestModel runs random groups against the model. A second log, the twin, gets only the
// appends that were accepted and committed: refused appends and rolled back groups leave
// no trace in later frames or in the footer.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &maker{T: t}
		state := newModel(rapid.Uint64Range(2, 9).Draw(t, "next"))
		state.heads["old"] = commit.Head{Clock: 6, WallMS: 4000, Hash: event.Hash{9}, State: commit.State{Some: true, Clock: 4}}
		state.heads["hidden"] = commit.Head{Clock: 2, WallMS: 1, Hash: event.Hash{8}}
		state.heads["far"] = commit.Head{Clock: 1, WallMS: 1 << 53, Hash: event.Hash{7}, State: commit.State{Some: true, Clock: 1}}
		state.known[event.ID{15: 1}] = commit.Known{Coordinate: event.At("old", "s"), Kind: event.Data,
			Receipt: commit.Receipt{ID: event.ID{15: 1}, Sequence: 0, Clock: 4, Position: event.Position{Segment: 1, Offset: 57, Length: 400}}}
		state.known[event.ID{15: 2}] = commit.Known{Coordinate: event.At("hidden", "s"), Kind: event.Data, Cancelled: true,
			Receipt: commit.Receipt{ID: event.ID{15: 2}, Sequence: 1, Clock: 2}}
		state.events = []commit.Known{state.known[event.ID{15: 1}], state.known[event.ID{15: 2}]}
		history := state.clone()
		log := commit.NewLog(history, state.next)
		log.AskHistoryAfter(rapid.SampledFrom([]int{0, 1, 3, 1000}).Draw(t, "steps"))
		log.ForgetBy(rapid.SampledFrom([]int{0, 1, 3, 1000}).Draw(t, "forgotten at once"))
		twin := commit.NewLog(history, state.next)
		id, committed, forgotten, forgetting, sealed := uint64(4), 0, 0, 0, 0
		log.Start(id, 57)
		twin.Start(id, 57)
		for range rapid.IntRange(1, 6).Draw(t, "groups") {
			committedState := state.clone()
			var want []byte
			var accepted []func() // the group's appends, for the twin
			place := func(rs []commit.Receipt, bodies []segment.Body) {
				for i := range bodies {
					at := len(want)
					want = segment.AppendFrame(want, &bodies[i])
					if bodies[i].Kind.IsMarker() {
						continue
					}
					p := event.Position{Segment: id, Offset: log.Offset() + uint64(at), Length: uint32(len(want) - at)}
					for j := range rs {
						if rs[j].ID == bodies[i].ID && !rs[j].Repeated {
							rs[j].Position = p
							k := state.known[rs[j].ID]
							k.Position = p
							state.known[rs[j].ID] = k
						}
					}
				}
			}
			for range rapid.IntRange(0, 5).Draw(t, "appends") {
				now := rapid.Int64Range(0, 9_000_000).Draw(t, "now")
				if rapid.Bool().Draw(t, "single") {
					entries := []commit.Entry{m.entry(state)}
					err := m.spoil(entries)
					e := &entries[0]
					var r commit.Receipt
					var bodies []segment.Body
					if err == nil {
						var ok bool
						if r, ok, err = state.there(e); err == nil && !ok {
							var b segment.Body
							if r, b, err = state.add(e, now, log.First()); err == nil {
								bodies = append(bodies, b)
								accepted = append(accepted, func() { _, err := twin.Append(e, now); require.NoError(t, err) })
							}
						}
					}
					got, failed := log.Append(e, now)
					requireError(t, failed, err)
					rs := []commit.Receipt{r}
					place(rs, bodies)
					if err == nil {
						require.Equal(t, rs[0], got)
					}
				} else {
					entries := make([]commit.Entry, rapid.IntRange(1, 5).Draw(t, "size"))
					for i := range entries {
						entries[i] = m.entry(state)
						entries[i].TimeUS, entries[i].Timed = entries[0].TimeUS, entries[0].Timed
						if rapid.IntRange(0, 3).Draw(t, "caused") == 0 {
							entries[i].Cause = rapid.IntRange(0, i).Draw(t, "cause")
						}
					}
					err := m.spoil(entries)
					if err == commit.ErrTime && len(entries) > 1 {
						for i := range entries { // or the times would differ
							entries[i].TimeUS, entries[i].Timed = -1, true
						}
					}
					var rs []commit.Receipt
					var bodies []segment.Body
					if err == nil {
						if rs, bodies, err = state.batch(entries, now, log.First()); bodies != nil {
							accepted = append(accepted, func() { _, err := twin.AppendBatch(nil, entries, now); require.NoError(t, err) })
						}
					}
					sentinel := []commit.Receipt{{Sequence: 77}}
					got, failed := log.AppendBatch(sentinel, entries, now)
					requireError(t, failed, err)
					place(rs, bodies)
					require.Equal(t, append(sentinel[:1:1], rs...), got)
					if err != nil {
						var item *commit.ItemError
						require.ErrorAs(t, failed, &item)
					}
				}
				require.Equal(t, string(want), string(log.Frames()))
				require.Equal(t, state.next, log.Next())
			}
			if rapid.IntRange(0, 2).Draw(t, "rollback") == 0 {
				log.Rollback()
				state = committedState
				require.Empty(t, log.Frames())
				continue
			}
			for _, again := range accepted {
				again()
			}
			require.Equal(t, string(want), string(twin.Frames()))
			log.Commit()
			twin.Commit()
			require.Equal(t, string(twin.Footer(nil)), string(log.Footer(nil)))
			require.Equal(t, twin.Offset(), log.Offset())
			// Committed returns the records of the group and no others.
			run, other := log.Committed(committed-forgotten), twin.Committed(committed)
			require.Equal(t, other.Len(), run.Len())
			for i := range run.Len() {
				a, b := run.At(i).Decode(), other.At(i).Decode()
				require.Equal(t, b.Facts, a.Facts)
				k := state.known[a.ID]
				if k.Sequence == a.Sequence {
					require.Equal(t, k.Position, a.Position)
				}
			}
			committed += run.Len()
			if rapid.IntRange(0, 2).Draw(t, "forget") == 0 {
				*history = *state.clone() // the history now holds everything
				if committed > sealed && forgetting == 0 {
					_, err := log.Forget(sealed + 1 - forgotten)
					require.ErrorIs(t, err, commit.ErrUnsealed)
				}
				n := max(forgetting, rapid.IntRange(0, sealed-forgotten).Draw(t, "forgotten"))
				if forgetting == 0 {
					forgetting = n
				}
				dropped, err := log.Forget(n)
				require.NoError(t, err)
				if dropped > 0 {
					require.Equal(t, forgetting, dropped)
					forgotten, forgetting = forgotten+dropped, 0
				}
				require.Equal(t, committed-forgotten, log.Committed(0).Len())
				// Runs returned earlier stay valid.
				for i := range run.Len() {
					require.Equal(t, other.At(i).Decode().Facts, run.At(i).Decode().Facts)
				}
			}
			if rapid.IntRange(0, 3).Draw(t, "rotate") == 0 {
				id++
				sealed = committed
				log.Start(id, 60)
				twin.Start(id, 60)
			}
		}
		require.Equal(t, state.next, log.Next())
	})
}

// valid returns an entry that every log accepts.
func valid(n byte) commit.Entry {
	return commit.Entry{
		Coordinate: event.At("e", "s"), Kind: event.Data, Payload: []byte{0xc0}, ID: event.ID{15: n}, Hash: event.Hash{n},
	}
}

// TestRefusals: each invalid entry is refused with its own error, alone and in a batch,
// and nothing is staged.
func TestRefusals(t *testing.T) {
	for _, c := range invalid {
		t.Run(c.name, func(t *testing.T) {
			log := commit.NewLog(commit.NoHistory{}, 0)
			log.Start(1, 57)
			bad := valid(1)
			c.spoil(&bad)
			_, err := log.Append(&bad, 5)
			require.ErrorIs(t, err, c.err)
			entries := []commit.Entry{valid(2), bad}
			entries[0].TimeUS, entries[0].Timed = bad.TimeUS, false
			_, err = log.AppendBatch(nil, entries, 5)
			require.ErrorIs(t, err, c.err)
			var item *commit.ItemError
			require.ErrorAs(t, err, &item)
			require.Equal(t, 1, item.Item)
			require.Empty(t, log.Frames())
			require.Zero(t, log.Next())
		})
	}
	t.Run("an item of another time", func(t *testing.T) {
		log := commit.NewLog(commit.NoHistory{}, 0)
		log.Start(1, 57)
		a, b := valid(1), valid(2)
		b.TimeUS, b.Timed = 5, true
		_, err := log.AppendBatch(nil, []commit.Entry{a, b}, 5)
		require.ErrorIs(t, err, commit.ErrBatchTime)
		a.TimeUS, a.Timed = 6, true
		_, err = log.AppendBatch(nil, []commit.Entry{a, b}, 5)
		require.ErrorIs(t, err, commit.ErrBatchTime)
		require.Empty(t, log.Frames())
		a.Timed, b.Timed = false, false
		_, err = log.AppendBatch(nil, []commit.Entry{a, b}, 5)
		require.NoError(t, err, "TimeUS is ignored unless Timed is set")
	})
	t.Run("an item that causes itself", func(t *testing.T) {
		log := commit.NewLog(commit.NoHistory{}, 0)
		log.Start(1, 57)
		entries := []commit.Entry{valid(1), valid(2)}
		entries[1].Cause = 2
		_, err := log.AppendBatch(nil, entries, 5)
		require.ErrorIs(t, err, commit.ErrCause)
		entries[1].Cause = 1
		_, err = log.AppendBatch(nil, entries, 5)
		require.NoError(t, err)
	})
	t.Run("the group's time", func(t *testing.T) {
		log := commit.NewLog(commit.NoHistory{}, 0)
		log.Start(1, 57)
		for _, now := range []int64{-1, commit.MaxWallMS * 1000} {
			e := valid(1)
			_, err := log.Append(&e, now)
			require.ErrorIs(t, err, commit.ErrTime)
			_, err = log.AppendBatch(nil, []commit.Entry{e}, now)
			require.ErrorIs(t, err, commit.ErrTime)
		}
		require.Empty(t, log.Frames())
	})
	t.Run("a batch of one", func(t *testing.T) {
		one, single := commit.NewLog(commit.NoHistory{}, 0), commit.NewLog(commit.NoHistory{}, 0)
		one.Start(1, 57)
		single.Start(1, 57)
		e := valid(1)
		_, err := single.Append(&e, 5)
		require.NoError(t, err)
		_, err = one.AppendBatch(nil, []commit.Entry{e}, 5)
		require.NoError(t, err)
		require.Equal(t, string(single.Frames()), string(one.Frames()), "no markers")
	})
}

// TestKinds: applications' kinds are always accepted, kinds that batpak names only with
// the allowance, all others never.
func TestKinds(t *testing.T) {
	free, allowed := 0, 0
	for k := range 1 << 16 {
		kind := event.Kind(k)
		err, withAllowance := commit.CheckKind(kind), commit.CheckReservedKind(kind)
		if k >= 0x1000 && k <= 0xCFFF || k >= 0xE000 {
			require.NoError(t, err)
			require.NoError(t, withAllowance)
			free++
			continue
		}
		require.ErrorIs(t, err, commit.ErrKind)
		require.ErrorContains(t, err, kind.String())
		var refused *commit.KindError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, withAllowance == nil, refused.Named, "%s", kind)
		if withAllowance == nil {
			require.False(t, kind.IsMarker())
			allowed++
		}
	}
	require.Equal(t, 0xC000+0x2000, free)
	require.Equal(t, 12, allowed)
}

// staged returns the decoded staged frames.
func staged(t *testing.T, log *commit.Log) []framed {
	fs, _, _ := frames(t, append(segment.AppendHeader(nil, segment.Header{SegmentID: 1}), log.Frames()...))
	return fs
}

// TestLimits appends at each limit and above it.
func TestLimits(t *testing.T) {
	limit := func(t *testing.T, err error, what string, got, most uint64) {
		t.Helper()
		require.ErrorIs(t, err, commit.ErrLimit)
		var l *commit.LimitError
		require.ErrorAs(t, err, &l)
		require.Equal(t, commit.LimitError{What: what, Got: got, Max: most}, *l)
	}
	t.Run("names", func(t *testing.T) {
		log := commit.NewLog(commit.NoHistory{}, 0)
		log.Start(1, 57)
		e := valid(1)
		e.Entity, e.Scope = string(slices.Repeat([]byte("x"), 1024)), string(slices.Repeat([]byte("y"), 1024))
		_, err := log.Append(&e, 5)
		require.NoError(t, err)
	})
	t.Run("payload", func(t *testing.T) {
		log := commit.NewLog(commit.NoHistory{}, 0)
		log.Start(1, 57)
		e := valid(1)
		e.Payload = slices.Repeat([]byte{0xff}, commit.MaxPayload+1)
		_, err := log.Append(&e, 5)
		limit(t, err, "payload bytes", commit.MaxPayload+1, commit.MaxPayload)
		require.Empty(t, log.Frames())
		e.Payload = e.Payload[1:]
		r, err := log.Append(&e, 5)
		require.NoError(t, err)
		require.LessOrEqual(t, int(r.Position.Length), segment.MaxFrame, "batpak reads it")
		require.Len(t, log.Frames(), int(r.Position.Length))
		log.Rollback()
		_, err = log.AppendBatch(nil, []commit.Entry{e, valid(2)}, 5)
		limit(t, err, "payload and metadata bytes in a batch", commit.MaxBatchBytes+1, commit.MaxBatchBytes)
		// 64 times the same 64 MiB: the sum overflows a 32-bit int.
		many := slices.Repeat([]commit.Entry{e}, 64)
		_, err = log.AppendBatch(nil, many, 5)
		limit(t, err, "payload and metadata bytes in a batch", 64*commit.MaxPayload, commit.MaxBatchBytes)
		require.Empty(t, log.Frames())
	})
	t.Run("batch", func(t *testing.T) {
		log := commit.NewLog(commit.NoHistory{}, 0)
		log.Start(1, 57)
		entries := make([]commit.Entry, commit.MaxBatch+1)
		for i := range entries {
			entries[i] = valid(0)
			binary.BigEndian.PutUint32(entries[i].ID[:], uint32(i)+1)
		}
		_, err := log.AppendBatch(nil, entries, 5)
		limit(t, err, "events in a batch", commit.MaxBatch+1, commit.MaxBatch)
		require.Empty(t, log.Frames())
		rs, err := log.AppendBatch(nil, entries[1:], 5)
		require.NoError(t, err)
		require.Len(t, rs, commit.MaxBatch)
		require.EqualValues(t, commit.MaxBatch-1, rs[commit.MaxBatch-1].Clock)
	})
	t.Run("an empty batch", func(t *testing.T) {
		log := commit.NewLog(commit.NoHistory{}, 3)
		log.Start(1, 57)
		rs, err := log.AppendBatch(nil, nil, -1)
		require.NoError(t, err)
		require.Empty(t, rs)
		require.Empty(t, log.Frames())
	})
	t.Run("clock", func(t *testing.T) {
		history := newModel(0)
		history.heads["e"] = commit.Head{Clock: math.MaxUint32 - 1, State: commit.State{Some: true, Clock: math.MaxUint32 - 1}}
		log := commit.NewLog(history, 0)
		log.Start(1, 57)
		e, f := valid(1), valid(2)
		_, err := log.AppendBatch(nil, []commit.Entry{e, f}, 5)
		limit(t, err, "clock of e", math.MaxUint32+1, math.MaxUint32)
		require.Empty(t, log.Frames())
		r, err := log.Append(&e, 5)
		require.NoError(t, err)
		require.Equal(t, uint32(math.MaxUint32), r.Clock)
		frames := string(log.Frames())
		_, err = log.Append(&f, 5)
		limit(t, err, "clock of e", math.MaxUint32+1, math.MaxUint32)
		require.Equal(t, frames, string(log.Frames()))
		require.EqualValues(t, 1, log.Next())
	})
	t.Run("sequence", func(t *testing.T) {
		log := commit.NewLog(commit.NoHistory{}, 1<<63-2)
		log.Start(1, 57)
		e, f := valid(1), valid(2)
		_, err := log.AppendBatch(nil, []commit.Entry{e, f}, 5)
		limit(t, err, "sequence", 1<<63-1, 1<<63-2)
		require.Empty(t, log.Frames())
		r, err := log.Append(&e, 5)
		require.NoError(t, err)
		require.EqualValues(t, uint64(1<<63-2), r.Sequence)
		_, err = log.Append(&f, 5)
		limit(t, err, "sequence", 1<<63-1, 1<<63-2)
	})
	t.Run("time", func(t *testing.T) {
		log := commit.NewLog(commit.NoHistory{}, 0)
		log.Start(1, 57)
		e := valid(1)
		e.TimeUS, e.Timed = commit.MaxWallMS*1000-1, true
		_, err := log.Append(&e, -1)
		require.NoError(t, err)
		require.EqualValues(t, uint64(commit.MaxWallMS-1), staged(t, log)[0].body.WallMS)
	})
}

// TestKeys tests each way in which a key can be met again.
func TestKeys(t *testing.T) {
	keyed := func(n byte) commit.Entry {
		e := valid(n)
		e.Key = true
		return e
	}
	start := func() *commit.Log {
		history := newModel(0)
		history.known[event.ID{15: 9}] = commit.Known{
			Coordinate: event.At("e", "s"), Kind: event.Data, Cancelled: true, Receipt: commit.Receipt{Sequence: 4},
		}
		log := commit.NewLog(history, 0)
		log.Start(1, 57)
		return log
	}
	isKey := func(t *testing.T, err error, want commit.KeyError) {
		t.Helper()
		require.ErrorIs(t, err, commit.ErrKey)
		var k *commit.KeyError
		require.ErrorAs(t, err, &k)
		require.Equal(t, want, *k)
	}
	t.Run("single", func(t *testing.T) {
		log := start()
		e := keyed(1)
		first, err := log.Append(&e, 5)
		require.NoError(t, err)
		e.Expected, e.Correlation, e.Causation, e.Flags = commit.NoEvents, event.ID{7}, event.ID{8}, event.FlagReplay
		again, err := log.Append(&e, -1)
		require.NoError(t, err, "expectation, time and links are not compared")
		first.Repeated = true
		require.Equal(t, first, again)
		require.Len(t, log.Frames(), int(first.Position.Length))
		log.Commit()
		again, err = log.Append(&e, -1)
		require.NoError(t, err)
		require.Equal(t, first, again)
		log.Rollback()
	})
	t.Run("other content", func(t *testing.T) {
		log := start()
		unkeyed, e := valid(3), keyed(1)
		_, err := log.Append(&unkeyed, 5)
		require.NoError(t, err)
		_, err = log.Append(&e, 5)
		require.NoError(t, err)
		for _, where := range []string{"in the group", "in the log", "in the history"} {
			switch where {
			case "in the log":
				log.Commit()
			case "in the history":
				history := newModel(0)
				history.known[e.ID] = commit.Known{
					Coordinate: e.Coordinate, Kind: e.Kind, Hash: e.Hash, Receipt: commit.Receipt{ID: e.ID, Sequence: 1},
				}
				log = commit.NewLog(history, 2)
				log.Start(1, 57)
			}
			staged := string(log.Frames())
			for _, c := range []struct {
				differs []string
				change  func(*commit.Entry)
			}{
				{[]string{"entity"}, func(e *commit.Entry) { e.Entity = "another" }},
				{[]string{"scope"}, func(e *commit.Entry) { e.Scope = "another" }},
				{[]string{"kind"}, func(e *commit.Entry) { e.Kind = 0xF000 }},
				{[]string{"payload"}, func(e *commit.Entry) { e.Hash[31]++ }},
				{[]string{"scope", "payload"}, func(e *commit.Entry) { e.Scope, e.Hash = "another", event.Hash{} }},
			} {
				want := commit.KeyError{ID: e.ID, Sequence: 1, Differs: c.differs}
				other := e
				c.change(&other)
				_, err := log.Append(&other, 5)
				isKey(t, err, want)
				_, err = log.AppendBatch(nil, []commit.Entry{other}, 5)
				isKey(t, err, want)
				_, err = log.AppendBatch(nil, []commit.Entry{e, other}, 5)
				isKey(t, err, want)
				var item *commit.ItemError
				require.ErrorAs(t, err, &item)
				require.Equal(t, 1, item.Item)
				require.Equal(t, staged, string(log.Frames()))
			}
			r, err := log.Append(&e, 5)
			require.NoError(t, err)
			require.True(t, r.Repeated)
		}
	})
	t.Run("rolled back", func(t *testing.T) {
		log := start()
		e := keyed(1)
		_, err := log.Append(&e, 5)
		require.NoError(t, err)
		log.Rollback()
		r, err := log.Append(&e, 5)
		require.NoError(t, err)
		require.False(t, r.Repeated)
	})
	t.Run("cancelled", func(t *testing.T) {
		log := start()
		e := keyed(9)
		_, err := log.Append(&e, 5)
		isKey(t, err, commit.KeyError{ID: e.ID, Sequence: 4, Cancelled: true})
		_, err = log.AppendBatch(nil, []commit.Entry{keyed(1), e}, 5)
		isKey(t, err, commit.KeyError{ID: e.ID, Sequence: 4, Cancelled: true})
	})
	t.Run("batch", func(t *testing.T) {
		log := start()
		first, err := log.AppendBatch(nil, []commit.Entry{keyed(1), keyed(2)}, 5)
		require.NoError(t, err)
		n := len(log.Frames())
		again, err := log.AppendBatch(nil, []commit.Entry{keyed(1), keyed(2)}, -1)
		require.NoError(t, err)
		for i := range first {
			first[i].Repeated = true
		}
		require.Equal(t, first, again)
		_, err = log.AppendBatch(nil, []commit.Entry{keyed(1), keyed(3)}, 5)
		isKey(t, err, commit.KeyError{ID: event.ID{15: 1}, Partial: true})
		_, err = log.AppendBatch(nil, []commit.Entry{keyed(1), valid(4)}, 5)
		isKey(t, err, commit.KeyError{ID: event.ID{15: 1}, Partial: true})
		_, err = log.AppendBatch(nil, []commit.Entry{keyed(5), keyed(5)}, 5)
		isKey(t, err, commit.KeyError{ID: event.ID{15: 5}, Twice: true})
		_, err = log.AppendBatch(nil, []commit.Entry{keyed(1), keyed(1)}, 5)
		isKey(t, err, commit.KeyError{ID: event.ID{15: 1}, Twice: true})
		_, err = log.AppendBatch(nil, []commit.Entry{keyed(6), keyed(2)}, 5)
		isKey(t, err, commit.KeyError{ID: event.ID{15: 2}, Sequence: 1, Partial: true})
		require.Len(t, log.Frames(), n)
	})
}

// failing is a history that fails every lookup.
type failing struct{ err error }

func (f failing) Latest(string) (commit.Head, bool, error)  { return commit.Head{}, false, f.err }
func (f failing) ByID(event.ID) (commit.Known, bool, error) { return commit.Known{}, false, f.err }
func (f failing) Identity() (event.ID, error)               { return event.ID{}, f.err }
func (f failing) FirstIn(*query.Region, uint64, uint64) (commit.Known, bool, uint64, error) {
	return commit.Known{}, false, 0, f.err
}

// TestHistoryFails: an error of the history fails the append, and nothing is staged.
func TestHistoryFails(t *testing.T) {
	cause := errors.New("the cause")
	log := commit.NewLog(failing{cause}, 0)
	log.Start(1, 57)
	e := valid(1)
	for _, e.Key = range []bool{false, true} {
		_, err := log.Append(&e, 5)
		require.ErrorIs(t, err, cause)
		_, err = log.AppendBatch(nil, []commit.Entry{e}, 5)
		require.ErrorIs(t, err, cause)
		require.Empty(t, log.Frames())
		require.Zero(t, log.Next())
	}
}

// TestFarWall: if an entity's last wall clock is out of range, the next event takes its
// own time, and later events continue that.
func TestFarWall(t *testing.T) {
	for _, c := range []struct{ last, want uint64 }{
		{0, 5}, {9, 9}, {1<<53 - 1, 1<<53 - 1}, {1 << 53, 5}, {math.MaxUint64, 5},
	} {
		history := newModel(0)
		history.heads["e"] = commit.Head{WallMS: c.last, State: commit.State{Some: true}}
		log := commit.NewLog(history, 0)
		log.Start(1, 57)
		for n := range byte(2) {
			e := valid(n + 1)
			_, err := log.Append(&e, 5000-2000*int64(n))
			require.NoError(t, err)
			fs := staged(t, log)
			require.Equal(t, c.want, fs[0].body.WallMS, "after %d", c.last)
			require.EqualValues(t, 5000-2000*int64(n), fs[0].body.TimestampUS)
			log.Commit()
		}
	}
}

// TestMessages pins the texts of errors.
func TestMessages(t *testing.T) {
	id := event.ID{15: 1}
	for want, err := range map[string]error{
		`thaw: entity "a\n": expected no events, is at clock 3`:                                                                                   &commit.ExpectError{Entity: "a\n", Expected: commit.NoEvents, Actual: commit.State{Some: true, Clock: 3}},
		`thaw: entity "a": expected clock 4294967295, is at no events`:                                                                            &commit.ExpectError{Entity: "a", Expected: commit.AtClock(math.MaxUint32)},
		"thaw: key 00000000000000000000000000000001 belongs to the event with sequence 3, which was cancelled":                                    &commit.KeyError{ID: id, Sequence: 3, Cancelled: true},
		"thaw: key 00000000000000000000000000000001 belongs to the event with sequence 3, but not every item of this batch has a key that exists": &commit.KeyError{ID: id, Sequence: 3, Partial: true},
		"thaw: key 00000000000000000000000000000001 occurs twice in this batch":                                                                   &commit.KeyError{ID: id, Twice: true},
		"thaw: key 00000000000000000000000000000001 belongs to the event with sequence 0, which has another payload":                              &commit.KeyError{ID: id, Differs: []string{"payload"}},
		"thaw: key 00000000000000000000000000000001 belongs to the event with sequence 9, which has another entity and another scope":             &commit.KeyError{ID: id, Sequence: 9, Differs: []string{"entity", "scope"}},
		"thaw: the kind is reserved: 0x0001; 0x1000 to 0xCFFF and 0xE000 to 0xFFFF are free":                                                      &commit.KindError{Kind: event.SystemInit},
		"thaw: payload bytes: 2, at most 1":         &commit.LimitError{What: "payload bytes", Got: 2, Max: 1},
		"item 3: thaw: the zero id stands for none": &commit.ItemError{Item: 3, Err: commit.ErrZeroID},
	} {
		require.EqualError(t, err, want)
	}
	require.Equal(t, "any state", commit.Any.String())
	require.Equal(t, commit.Any, commit.Expected{})
}

// TestRollbackAfterRotation: a rolled back event does not change the order of names in
// the footer, also for names known from an earlier segment.
func TestRollbackAfterRotation(t *testing.T) {
	appendAt := func(log *commit.Log, n byte, entity string) {
		e := valid(n)
		e.Entity, e.Scope = entity, entity
		_, err := log.Append(&e, 5)
		require.NoError(t, err)
	}
	log, twin := commit.NewLog(commit.NoHistory{}, 0), commit.NewLog(commit.NoHistory{}, 0)
	for _, l := range []*commit.Log{log, twin} {
		l.Start(1, 57)
		appendAt(l, 1, "a")
		appendAt(l, 2, "b")
		l.Commit()
		l.Start(2, 57)
	}
	appendAt(log, 3, "a")
	log.Rollback()
	for _, l := range []*commit.Log{log, twin} {
		appendAt(l, 4, "b")
		appendAt(l, 5, "a")
		l.Commit()
	}
	require.Equal(t, string(twin.Footer(nil)), string(log.Footer(nil)))
}
