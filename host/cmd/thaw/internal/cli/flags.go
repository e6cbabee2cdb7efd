package cli

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/host"
)

// limit is a number of events, 0 for all.
type limit int

func (l *limit) Type() string   { return "N" }
func (l *limit) String() string { return strconv.Itoa(int(*l)) }

func (l *limit) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, strconv.IntSize-1)
	if err != nil {
		return errors.New("a limit is a number, 0 or more")
	}
	*l = limit(n)
	return nil
}

// kinds is the value of --kind, which may be given several times, and with several kinds.
// A name may be one of the store's, which is not known yet.
type kinds struct{ texts []string }

// kindNames lists the kinds of events that have names in every store.
var kindNames = []struct {
	name string
	kind event.Kind
}{
	{"DATA", event.Data},
	{"SYSTEM_INIT", event.SystemInit},
	{"SYSTEM_SHUTDOWN", event.SystemShutdown},
	{"SYSTEM_HEARTBEAT", event.SystemHeartbeat},
	{"SYSTEM_CONFIG_CHANGE", event.SystemConfigChange},
	{"SYSTEM_CHECKPOINT", event.SystemCheckpoint},
	{"TOMBSTONE", event.Tombstone},
	{"EFFECT_ERROR", event.EffectError},
	{"EFFECT_RETRY", event.EffectRetry},
	{"EFFECT_ACK", event.EffectAck},
	{"EFFECT_BACKPRESSURE", event.EffectBackpressure},
	{"EFFECT_CANCEL", event.EffectCancel},
	{"EFFECT_CONFLICT", event.EffectConflict},
}

func (k *kinds) Type() string   { return "KIND" }
func (k *kinds) String() string { return strings.Join(k.texts, ",") }

func (k *kinds) Set(s string) error {
	for one := range strings.SplitSeq(s, ",") {
		if err := checkKind(one); err != nil {
			return err
		}
	}
	k.texts = append(k.texts, s)
	return nil
}

// resolve returns the kinds in a store with some names, all kinds if the flag was not
// given.
func (k *kinds) resolve(flag string, names naming) (event.Kinds, error) {
	if len(k.texts) == 0 {
		return event.Kinds{}, nil
	}
	var all []event.Kind
	for _, text := range k.texts {
		whole, err := names.kinds(text) // a name may have a comma
		if err == nil {
			all = append(all, whole...)
			continue
		}
		for one := range strings.SplitSeq(text, ",") {
			some, err := names.kinds(one)
			if err != nil {
				return event.Kinds{}, fmt.Errorf("--%s: %w", flag, err)
			}
			all = append(all, some...)
		}
	}
	return event.AnyOf(all...), nil
}

// checkKind returns an error for a text that is not a kind in any store.
func checkKind(s string) error {
	if _, err := parseKind(s); err != nil && kindnames.Check(s) != nil {
		return errKind
	}
	return nil
}

// errKind is the error of a text that is neither a number nor a known name.
var errKind = errors.New("a kind is a number from 0 to 0xFFFF, such as 0x1000, or a name, such as DATA")

// parseKind reads a kind's number or a name that every store has.
func parseKind(s string) (event.Kind, error) {
	for _, n := range kindNames {
		if strings.EqualFold(s, n.name) {
			return n.kind, nil
		}
	}
	kind, err := event.ParseKind(s)
	if err != nil {
		return 0, errKind
	}
	return kind, nil
}

// category is the value of --category.
type category struct {
	set  event.Kinds
	text string
}

func (c *category) Type() string   { return "N" }
func (c *category) String() string { return c.text }

func (c *category) Set(s string) error {
	n, err := event.ParseKind(s)
	if err != nil || n > 15 {
		return errors.New("a category is a number from 0 to 15, such as 1 or 0xD")
	}
	c.set, c.text = event.InCategory(uint8(n)), s
	return nil
}

// clocks is the value of --clock.
type clocks struct {
	bounds host.Clocks
	text   string
}

func (c *clocks) Type() string   { return "MIN:MAX" }
func (c *clocks) String() string { return c.text }

func (c *clocks) Set(s string) error {
	wrong := errors.New("a range of clocks is MIN:MAX, both included, such as 0:9; 5: is 5 and above, :5 is up to 5, 5:5 is only 5")
	from, to, ok := strings.Cut(s, ":")
	if !ok {
		return wrong
	}
	low, high := uint32(0), uint32(math.MaxUint32)
	for _, end := range []struct {
		text string
		to   *uint32
	}{{from, &low}, {to, &high}} {
		if end.text == "" {
			continue
		}
		n, err := strconv.ParseUint(end.text, 10, 32)
		if err != nil {
			return wrong
		}
		*end.to = uint32(n)
	}
	if low > high {
		return errors.New("the end of the range is below its beginning")
	}
	c.bounds, c.text = host.ClocksBetween(low, high), s
	return nil
}

// number is a number of w bits that may be left out.
type number[T uint32 | uint64] struct {
	value T
	given bool
}

func (n *number[T]) Type() string { return "N" }

func (n *number[T]) String() string {
	if !n.given {
		return ""
	}
	return strconv.FormatUint(uint64(n.value), 10)
}

func (n *number[T]) Set(s string) error {
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil || v > uint64(^T(0)) {
		return errors.New("it must be a number from 0 to " + strconv.FormatUint(uint64(^T(0)), 10))
	}
	n.value, n.given = T(v), true
	return nil
}
