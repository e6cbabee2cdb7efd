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

// kind is the value of a --kind that takes one, not a set.
type kind struct {
	value event.Kind
	text  string
}

func (k *kind) Type() string   { return "KIND" }
func (k *kind) String() string { return k.text }

func (k *kind) Set(s string) (err error) {
	k.value, err = parseKind(s)
	k.text = s
	return err
}

// identity is an id that may be left out.
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
		return errors.New("the zero id stands for none; leave the flag out")
	}
	i.value, i.given = id, true
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

// waitFlag gives a command that writes its --wait.
func waitFlag(c *cobra.Command, p *patience) {
	c.Flags().Var(p, "wait", "when another writer has the store open, wait so long for it to\nclose the store, such as 30s")
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
			return errors.New("it is any, none, or the clock of the entity's last event, from 0 to " + strconv.FormatUint(math.MaxUint32, 10))
		}
		e.value = host.AtClock(uint32(n))
	}
	e.text = s
	return nil
}
