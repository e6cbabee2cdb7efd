package cli

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// kind is the value of a --kind that accepts one kind. value is known once the names of the
// store are.
type kind struct {
	value event.Kind
	text  string
}

func (k *kind) Type() string   { return "KIND" }
func (k *kind) String() string { return k.text }

func (k *kind) Set(s string) error {
	k.text = s
	return checkKind(s)
}

// identity is an optional id.
type identity struct {
	value event.ID
	given bool
}

func (i *identity) Type() string { return "ID" }

func (i *identity) String() string {
	if !i.given {
		return ""
	}
	return i.value.String()
}

func (i *identity) Set(s string) error {
	id, err := event.ParseID(s)
	if err != nil {
		return errors.New(bare(err))
	}
	if id.IsZero() {
		return errors.New("the zero id means none; omit the flag")
	}
	i.value, i.given = id, true
	return nil
}

// metadata is the value of --meta, which may be given more than once.
type metadata struct{ meta event.Meta }

func (m *metadata) Type() string   { return "KEY=VALUE" }
func (m *metadata) String() string { return m.meta.String() }

func (m *metadata) Set(s string) error {
	key, value, ok := strings.Cut(s, "=")
	if !ok {
		return errors.New("metadata is KEY=VALUE, such as actor=user:7")
	}
	n := m.meta.Len()
	m.meta = m.meta.With(key, value)
	if m.meta.Len() == n {
		return errors.New("the key " + strconv.Quote(clip(key)) + " is given twice")
	}
	if err := m.meta.Check(); err != nil {
		return errors.New(bare(err))
	}
	return nil
}

// patience is the value of --wait: how long to wait for another writer.
type patience time.Duration

func (p *patience) Type() string   { return "DURATION" }
func (p *patience) String() string { return time.Duration(*p).String() }

func (p *patience) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return errors.New("a duration is a number with its unit, such as 30s or 5m")
	}
	*p = patience(d)
	return nil
}

// waitFlag adds --wait to a command that writes.
func waitFlag(c *cobra.Command, p *patience) {
	c.Flags().Var(p, "wait", "wait this long for another writer to close the store,\nsuch as 30s")
	plainFlag(c, "wait")
}

// expectation is the value of --expect.
type expectation struct {
	value host.Expected
	text  string
}

func (e *expectation) Type() string   { return "STATE" }
func (e *expectation) String() string { return e.text }

func (e *expectation) Set(s string) error {
	switch strings.ToLower(s) {
	case "any":
		e.value = host.AnyState
	case "none":
		e.value = host.NoEvents
	default:
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil {
			return errors.New("it must be any, none, or the clock of the entity's last event, from 0 to " + strconv.FormatUint(math.MaxUint32, 10))
		}
		e.value = host.AtClock(uint32(n))
	}
	e.text = s
	return nil
}
