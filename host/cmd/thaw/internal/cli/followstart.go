package cli

import (
	"context"
	"errors"
	"strconv"

	"github.com/thawlog/thaw/host"
)

// start is the value of --from.
type start struct {
	position host.Position
	stored   bool // position has a store
	now      bool
	text     string
}

func (s *start) Type() string   { return "SEQ|POSITION|now" }
func (s *start) String() string { return s.text }

func (s *start) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 64)
	p, bad := host.ParsePosition(text)
	switch {
	case text == "now":
		*s = start{now: true}
	case err == nil:
		*s = start{position: host.Position{Sequence: n}}
	case bad == nil:
		*s = start{position: p, stored: true}
	default:
		return errors.New("it must be a sequence, a position such as 01a2046944b6768dadb2f522b5437a79@48000, or now")
	}
	s.text = text
	return nil
}

// in returns the position in a store.
func (s *start) in(ctx context.Context, r host.Reader) (host.Position, error) {
	if s.stored || !s.now && s.position.Sequence == 0 {
		return s.position, nil
	}
	end, err := r.Position(ctx)
	if err != nil || s.now {
		return end, err
	}
	return host.Position{Store: end.Store, Sequence: s.position.Sequence}, nil
}
