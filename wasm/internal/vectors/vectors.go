// Package vectors has the questions that every way to the core must answer alike, and the
// answers of native code: JSON lines and codes. Only tests import it.
package vectors

import (
	"errors"
	"iter"
	"math"
	"strconv"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/blake3"
)

// Seed is the seed of every open, so that hash tables are identical.
const Seed = 7

// Case is a store, the flags to open it with, and questions.
type Case struct {
	Name      string
	Files     map[string][]byte
	Flags     uint32 // of abi.OpOpen
	Questions []abi.Request
}

// Answer is the result of a question: the rows before its end, and the code and error at
// the end, 0 and "" on success.
type Answer struct {
	Text string
	Code int32
	End  string
}

func hash(b []byte) event.Hash { return blake3.Sum256(b) }

// Open returns the request that opens a case's store.
func (c *Case) Open() abi.Request {
	return abi.Request{Op: abi.OpOpen, Format: abi.FormatPlain, Flags: c.Flags, From: Seed}
}

// Native answers a case with the core alone: the open, then each question. Without an open
// store it answers only a verification.
func Native(c *Case) []Answer {
	s, err := store.Open(directory.Memory(c.Files), store.Options{
		Seed: Seed, Hash: hash,
		Strict: c.Flags&abi.FlagStrict != 0, ShowHidden: c.Flags&abi.FlagShowHidden != 0,
		CheckFrames: c.Flags&abi.FlagCheckFrames != 0, CheckIndex: c.Flags&abi.FlagCheckIndex != 0,
	})
	out := []Answer{end(nil, err)}
	for i := range c.Questions {
		q := &c.Questions[i]
		switch {
		case q.Op == abi.OpVerify:
			r, err := verify.Run(directory.Memory(c.Files), verify.Options{Hash: hash, Seed: Seed})
			var text []byte
			if err == nil {
				text = lines.AppendFindings(nil, r)
			}
			out = append(out, end(text, err))
		case s == nil:
			out = append(out, Answer{Code: int32(abi.ErrUnopened)})
		default:
			text, err := native(s, q)
			out = append(out, end(text, err))
		}
	}
	return out
}

func native(s *store.Snapshot, q *abi.Request) (text []byte, err error) {
	limit := int(min(q.Limit, math.MaxInt))
	if q.Flags&abi.FlagGoOn != 0 {
		s = s.GoingOn()
	}
	switch q.Op {
	case abi.OpQuery:
		return rows(s, q, s.Query(q.Region, query.Page{From: q.From, Limit: limit, To: q.To, Reverse: q.Reverse}))
	case abi.OpStream:
		return rows(s, q, s.Stream(q.Region.Entity, query.StreamPage{From: uint32(q.From), Limit: limit, To: uint32(q.To), Reverse: q.Reverse}))
	case abi.OpEntities:
		return list(s.Entities(q.Region.EntityPrefix, query.NamePage{After: q.Region.Entity, Limit: limit}), lines.AppendName)
	case abi.OpScopes:
		return list(s.Scopes(q.Region.EntityPrefix, query.NamePage{After: q.Region.Entity, Limit: limit}), lines.AppendName)
	case abi.OpKinds:
		return list(s.Kinds(), lines.AppendKindSummary)
	case abi.OpGraph:
		o := store.GraphOptions{Depth: int(q.From), Limit: limit, Direction: q.Direction, Payloads: true}
		return list(s.Graph(q.ID, o), func(dst []byte, l *store.Link) []byte { return lines.AppendLink(dst, shape(q), l) })
	case abi.OpAncestors:
		return rows(s, q, s.Ancestors(q.ID, limit))
	case abi.OpEffects:
		return rows(s, q, s.Effects(q.ID, limit))
	case abi.OpCorrelated:
		return rows(s, q, s.Correlated(q.ID))
	case abi.OpReadEach:
		if err := q.CheckSubject(); err != nil {
			return nil, err
		}
		return rows(s, q, func(yield func(event.Event, error) bool) {
			for left := q.Row; len(left) > 0; {
				row, _, rest, err := abi.DecodeRow(left)
				if !yield(row.Event, err) {
					return
				}
				left = rest
			}
		})
	case abi.OpMarks, abi.OpTimeline, abi.OpFrame:
		return survey(s, q)
	case abi.OpCount:
		n, err := s.Count(q.Region, q.From)
		if err != nil {
			return nil, err
		}
		return append(strconv.AppendUint(nil, n, 10), '\n'), nil
	case abi.OpState:
		state, err := s.State(q.Region.Entity)
		if err != nil {
			return nil, err
		}
		return lines.AppendState(nil, state), nil
	case abi.OpPosition:
		id, err := s.Identity()
		if err != nil {
			return nil, err
		}
		return lines.AppendPosition(nil, id, s.End()), nil
	case abi.OpGet:
		e, err := s.ReadID(q.ID)
		if err != nil && !errors.Is(err, store.ErrRedacted) {
			return nil, err
		}
		return lines.AppendEvent(nil, shape(q), &e), nil
	}
	report := s.Report()
	return lines.AppendReport(nil, &report, int64(q.From)), nil
}

func shape(q *abi.Request) lines.Shape {
	return lines.Shape(q.Format - abi.FormatPlain)
}

func rows(s *store.Snapshot, q *abi.Request, all iter.Seq2[event.Event, error]) (text []byte, err error) {
	for e, err := range all {
		full := event.Full{Event: e}
		if err == nil && !(q.Format == abi.FormatPlain && e.Timed) {
			if full, err = s.Read(e); errors.Is(err, store.ErrRedacted) {
				err = nil
			}
		}
		if err != nil && q.Flags&abi.FlagGoOn != 0 && e.Position != (event.Position{}) && !errors.Is(err, source.ErrGone) {
			text = lines.AppendFailedEvent(text, int32(codeOf(err)), err, &e)
			continue
		}
		if err != nil {
			return text, err
		}
		text = lines.AppendEvent(text, shape(q), &full)
	}
	return text, nil
}

func list[T any](all iter.Seq2[T, error], line func([]byte, *T) []byte) (text []byte, err error) {
	for item, err := range all {
		if err != nil {
			return text, err
		}
		text = line(text, &item)
	}
	return text, nil
}

// end returns an answer with the code and error of err.
func end(text []byte, err error) Answer {
	if err == nil {
		return Answer{Text: string(text)}
	}
	var name *commit.NameError
	if errors.As(err, &name) || errors.Is(err, commit.ErrZeroID) || errors.Is(err, abi.ErrRequest) {
		return Answer{Code: int32(abi.ErrRequest)} // without an answer
	}
	code := codeOf(err)
	return Answer{Text: string(text), Code: int32(code), End: string(lines.AppendFailure(nil, int32(code), err))}
}

func codeOf(err error) abi.Code {
	var d *damage.Damage
	var r *damage.Refusal
	switch {
	case errors.Is(err, store.ErrNotFound):
		return abi.ErrNotFound
	case errors.Is(err, source.ErrGone):
		return abi.ErrGone
	case errors.As(err, &d):
		return abi.ErrDamage
	case errors.As(err, &r):
		return abi.ErrRefused
	}
	return abi.ErrStore
}
